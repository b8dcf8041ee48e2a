import datetime as dt

from newsletter.delivery.identity import who_of
from tests.support.makers import NOW


def test_a_recipient_is_known_by_mailing_and_address() -> None:
    anna = who_of(7, NOW, "anna@example.org")

    assert anna == who_of(7, NOW.astimezone(dt.timezone(dt.timedelta(hours=2))), "anna@example.org")
    assert len(anna) == 16


def test_another_mailing_of_the_same_number_names_other_recipients() -> None:
    moments = [NOW, NOW + dt.timedelta(microseconds=1)]
    named = {
        who_of(number, made_at, address)
        for number in (7, 8)
        for made_at in moments
        for address in ("anna@example.org", "änna@example.org")
    }

    assert len(named) == 8
