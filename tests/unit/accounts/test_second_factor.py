import datetime as dt

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import second_factor
from newsletter.accounts.errors import SecondFactorRefused
from newsletter.accounts.models import StaffRecoveryCode, StaffUser
from newsletter.accounts.signing_in import oneself
from newsletter.rendering.compiled import Mailbox
from subscribers.errors import NotPermitted
from subscribers.secret import Secret
from tests.support.makers import NOW, SECRET
from tests.support.staff import a_staff_user

SENDER = Mailbox("", "presse@example.org")
STEP = dt.timedelta(seconds=30)


@pytest.fixture
def ana(session: Session) -> StaffUser:
    return a_staff_user(session)


def switched_on(session: Session, user: StaffUser) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    generator = pyotp.TOTP(second_factor.new_secret())
    codes = second_factor.switch_on(
        session,
        user,
        generator.secret,
        code=generator.at(NOW),
        secret=SECRET,
        sender=SENDER,
        by=oneself(user),
        now=NOW,
    )
    return generator, codes


def check(session: Session, user: StaffUser, code: str, now: dt.datetime = NOW) -> str:
    return second_factor.check(session, user, code, secret=SECRET, now=now)


def test_the_secret_is_encrypted_and_belongs_to_one_user(session: Session, ana: StaffUser) -> None:
    generator, _ = switched_on(session, ana)
    hidden = ana.totp_sealed
    assert hidden is not None
    assert generator.secret.encode() not in hidden

    assert second_factor.opened(hidden, user_id=ana.id, secret=SECRET) == generator.secret
    for user_id, secret in ((ana.id + 1, SECRET), (ana.id, Secret(bytes(range(1, 33))))):
        with pytest.raises(SecondFactorRefused):
            second_factor.opened(hidden, user_id=user_id, secret=secret)
    with pytest.raises(SecondFactorRefused):
        second_factor.opened(hidden[:-1] + bytes([hidden[-1] ^ 1]), user_id=ana.id, secret=SECRET)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phones_clock_may_be_off_by_one_step(session: Session, ana: StaffUser, steps: int) -> None:
    generator, _ = switched_on(session, ana)
    later = NOW + 10 * STEP

    assert check(session, ana, generator.at(later + steps * STEP), later) == "code"


@pytest.mark.parametrize("steps", [-2, 2])
def test_but_not_by_two(session: Session, ana: StaffUser, steps: int) -> None:
    generator, _ = switched_on(session, ana)
    later = NOW + 10 * STEP

    with pytest.raises(SecondFactorRefused):
        check(session, ana, generator.at(later + steps * STEP), later)


def test_no_code_counts_twice_nor_one_before_it(session: Session, ana: StaffUser) -> None:
    generator, _ = switched_on(session, ana)
    later = NOW + 10 * STEP
    check(session, ana, generator.at(later), later)

    for code in (generator.at(later), generator.at(later - STEP)):
        with pytest.raises(SecondFactorRefused):
            check(session, ana, code, later)
    assert check(session, ana, generator.at(later + STEP), later) == "code"


def test_the_code_that_switched_it_on_does_not_sign_in(session: Session, ana: StaffUser) -> None:
    generator, _ = switched_on(session, ana)

    with pytest.raises(SecondFactorRefused):
        check(session, ana, generator.at(NOW))


def test_ten_recovery_codes_count_once_each_however_they_are_typed(session: Session, ana: StaffUser) -> None:
    _, codes = switched_on(session, ana)
    assert len(set(codes)) == 10

    assert check(session, ana, codes[0]) == "recovery code"
    assert check(session, ana, f" {codes[1].replace('-', ' ').upper()} ") == "recovery code"
    for used in codes[:2]:
        with pytest.raises(SecondFactorRefused):
            check(session, ana, used)
    assert second_factor.codes_left(session, ana.id) == 8
    kept = session.scalars(select(StaffRecoveryCode.digest)).all()
    assert not any(code in digest for code in codes for digest in kept)


def test_new_recovery_codes_replace_the_old(session: Session, ana: StaffUser) -> None:
    _, old = switched_on(session, ana)

    new = second_factor.new_codes(session, ana, secret=SECRET, sender=SENDER, by=oneself(ana), now=NOW)

    with pytest.raises(SecondFactorRefused):
        check(session, ana, old[0])
    assert check(session, ana, new[0]) == "recovery code"


def test_nobody_uses_anothers_recovery_codes(session: Session, ana: StaffUser) -> None:
    _, codes = switched_on(session, ana)
    ben = a_staff_user(session, "ben@example.org")

    with pytest.raises(SecondFactorRefused):
        check(session, ben, codes[0])


def test_a_wrong_first_code_switches_nothing_on(session: Session, ana: StaffUser) -> None:
    with pytest.raises(SecondFactorRefused):
        second_factor.switch_on(
            session,
            ana,
            second_factor.new_secret(),
            code="12345",
            secret=SECRET,
            sender=SENDER,
            by=oneself(ana),
            now=NOW,
        )

    assert ana.totp_sealed is None


def test_switched_off_nothing_is_left(session: Session, ana: StaffUser) -> None:
    _, codes = switched_on(session, ana)

    second_factor.switch_off(session, ana, sender=SENDER, by=oneself(ana), now=NOW)

    assert (ana.totp_sealed, ana.totp_step) == (None, 0)
    with pytest.raises(SecondFactorRefused):
        check(session, ana, codes[0])


def test_nobody_changes_anothers_second_factor(session: Session, ana: StaffUser) -> None:
    ben = a_staff_user(session, "ben@example.org")
    switched_on(session, ana)

    with pytest.raises(NotPermitted):
        second_factor.switch_off(session, ana, sender=SENDER, by=oneself(ben), now=NOW)
