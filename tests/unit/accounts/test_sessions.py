import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.accounts import sessions
from newsletter.accounts.models import StaffUser
from newsletter.accounts.sessions import Device
from tests.support.makers import NOW
from tests.support.staff import DEVICE, a_staff_user

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ana(session: Session) -> StaffUser:
    return a_staff_user(session)


def test_a_session_ends_after_a_working_day_without_a_request(session: Session, ana: StaffUser) -> None:
    token = sessions.begin(session, ana, device=DEVICE, now=NOW)

    assert sessions.find(session, token, now=NOW + 7.9 * HOUR)
    assert sessions.find(session, token, now=NOW + 8 * HOUR) is None


def test_being_used_keeps_it_but_not_for_ever(session: Session, ana: StaffUser) -> None:
    token = sessions.begin(session, ana, device=DEVICE, now=NOW)
    for hours in range(7, 7 * 24, 7):
        found = sessions.find(session, token, now=NOW + hours * HOUR)
        assert found
        sessions.seen(session, found.id, now=NOW + hours * HOUR)

    assert sessions.find(session, token, now=NOW + 7 * 24 * HOUR - dt.timedelta(seconds=1))
    assert sessions.find(session, token, now=NOW + 7 * 24 * HOUR) is None


def test_a_proof_is_fresh_for_a_quarter_of_an_hour(session: Session, ana: StaffUser) -> None:
    found = sessions.find(session, sessions.begin(session, ana, device=DEVICE, now=NOW), now=NOW)
    assert found

    assert found.is_fresh(NOW + dt.timedelta(minutes=14, seconds=59))
    assert not found.is_fresh(NOW + dt.timedelta(minutes=15))
    sessions.proven(session, found.id, now=NOW + HOUR)
    session.flush()
    [again] = sessions.of(session, ana.id, now=NOW + HOUR)
    assert again.is_fresh(NOW + HOUR)


def test_nobody_is_found_by_a_made_up_token_or_by_the_digest(session: Session, ana: StaffUser) -> None:
    token = sessions.begin(session, ana, device=DEVICE, now=NOW)

    for wrong in ("", "x", token[:-1], token + "=", sessions.digest_of(token)):
        assert sessions.find(session, wrong, now=NOW) is None


def test_a_session_of_somebody_who_is_not_active_does_not_count(session: Session, ana: StaffUser) -> None:
    token = sessions.begin(session, ana, device=DEVICE, now=NOW)
    ana.active = False
    session.flush()

    assert sessions.find(session, token, now=NOW) is None


def test_nobody_ends_anothers_session(session: Session, ana: StaffUser) -> None:
    ben = a_staff_user(session, "ben@example.org")
    sessions.begin(session, ana, device=DEVICE, now=NOW)
    [hers] = sessions.of(session, ana.id, now=NOW)

    assert not sessions.end(session, hers.id, user_id=ben.id)
    assert sessions.end(session, hers.id, user_id=ana.id)
    assert sessions.of(session, ana.id, now=NOW) == ()


def test_all_others_end_and_ones_own_stays(session: Session, ana: StaffUser) -> None:
    kept = sessions.begin(session, ana, device=DEVICE, now=NOW)
    others = [sessions.begin(session, ana, device=Device("x" * 400, ""), now=NOW + HOUR) for _ in range(2)]
    found = sessions.find(session, kept, now=NOW)
    assert found

    assert sessions.end_all(session, ana.id, but=found.id) == 2

    assert [sessions.find(session, token, now=NOW + HOUR) for token in others] == [None, None]
    assert sessions.find(session, kept, now=NOW)
