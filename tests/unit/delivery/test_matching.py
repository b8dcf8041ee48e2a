import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery import planning
from newsletter.delivery.identity import who_of
from newsletter.delivery.journal import Answer, Begin, Leased, Line, Record
from newsletter.delivery.matching import Matching
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.verdicts import Reply, Step, Verdict
from tests.support.ledgers import a_mailing
from tests.support.makers import NOW

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
GOING_DOWN = Reply(Step.FINAL_DOT, 421, "4.3.2", "going down")
OTHER_TIME = NOW + dt.timedelta(days=1)


@pytest.fixture
def mailing(session: Session) -> Mailing:
    made = a_mailing(session, ["anna@example.org", "ben@example.org"])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    return made


def _who(address: str, made_at: dt.datetime = NOW) -> str:
    return who_of(1, made_at, address)


def _answer(position: int, who: str, reply: Reply = TAKEN, attempt: int = 1) -> Answer:
    return Answer(1, position, attempt, reply=reply, relay="relay", at=NOW, who=who)


def _record(*lines: Line, made_at: dt.datetime | None = NOW) -> Record:
    return Record("token", "", (Leased(1, 1, 2, made_at=made_at, name="Aktuell"), *lines), is_whole=True)


def _read(
    session: Session, *lines: Line, made_at: dt.datetime | None = NOW, everywhere: bool = True
) -> tuple[list[tuple[int, int, Verdict]], int, int]:
    told = Matching(session, everywhere=everywhere).read(_record(*lines, made_at=made_at), now=NOW)
    settled = [(one.position, one.attempt, one.outcome.verdict) for one in told.settlements]
    return settled, len(told.lacking), told.strange


def test_answers_and_doubts_are_matched(session: Session, mailing: Mailing) -> None:
    anna, ben = _who("anna@example.org"), _who("ben@example.org")
    lines = Begin(mailing.id, 1, 1, date=NOW, digest="d", who=anna), _answer(1, anna), Begin(1, 2, 1, who=ben)

    told = Matching(session).read(_record(*lines), now=NOW)

    assert [(one.position, one.outcome.verdict) for one in told.lacking] == [
        (1, Verdict.ACCEPTED),
        (2, Verdict.UNKNOWN),
    ]
    assert (told.lacking[0].outcome.date, told.lacking[0].outcome.digest) == (NOW, "d")
    assert (told.mailing, told.strange) == (mailing, 0)


def test_what_the_database_has_heard_of_is_not_lacking(session: Session, mailing: Mailing) -> None:
    row = session.get_one(Delivery, (mailing.id, 1))
    row.attempt, row.code = 2, None
    session.flush()
    anna = _who("anna@example.org")

    assert _read(session, _answer(1, anna, attempt=1))[1] == 0
    assert _read(session, _answer(1, anna, attempt=2))[1] == 1
    assert _read(session, Begin(1, 1, 2, who=anna))[1] == 0
    assert _read(session, _answer(1, anna, attempt=3))[1] == 1
    row.code = 450
    session.flush()
    assert _read(session, _answer(1, anna, attempt=2))[1] == 0


def test_an_answer_about_the_relay_says_nothing_of_the_row(session: Session, mailing: Mailing) -> None:
    del mailing
    anna = _who("anna@example.org")

    assert _read(session, Begin(1, 1, 1, who=anna), _answer(1, anna, GOING_DOWN)) == ([], 0, 0)


def test_another_mailing_of_the_same_number_is_left_alone(session: Session, mailing: Mailing) -> None:
    anna = _who("anna@example.org", OTHER_TIME)

    assert _read(session, _answer(1, anna), made_at=OTHER_TIME) == ([], 0, 1)
    assert _read(session, _answer(1, anna), made_at=None) == ([], 0, 1)
    assert mailing.state == "sending"


def test_a_mailing_that_is_not_there_is_strange(session: Session) -> None:
    told = Matching(session).read(_record(_answer(1, _who("anna@example.org"))), now=NOW)

    assert (told.mailing, told.settlements, told.strange) == (None, (), 1)


def test_an_audience_that_was_frozen_once_more_is_matched_by_recipient(session: Session, mailing: Mailing) -> None:
    del mailing
    ben, carla = _who("ben@example.org"), _who("carla@example.org")
    lines = _answer(1, ben), _answer(2, carla), _answer(3, ben, attempt=2)

    assert _read(session, *lines) == ([(2, 1, Verdict.ACCEPTED), (2, 2, Verdict.ACCEPTED)], 2, 1)
    assert _read(session, *lines, everywhere=False) == ([], 0, 3)


def test_lines_that_name_nobody_are_matched_by_position(session: Session, mailing: Mailing) -> None:
    del mailing

    assert _read(session, _answer(2, "")) == ([(2, 1, Verdict.ACCEPTED)], 1, 0)
    assert _read(session, _answer(3, "")) == ([], 0, 1)
