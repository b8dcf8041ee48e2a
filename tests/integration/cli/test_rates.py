"""Rates by command: set, shown, taken away, and every slip of the pen told in one line."""

import pytest

from newsletter.app import now
from newsletter.cli.rates import shown
from newsletter.database import Database
from newsletter.delivery import pacing
from newsletter.delivery.pace import provider_key
from subscribers.address import Provider
from tests.integration.cli.conftest import Run


def test_rates_are_set_shown_and_taken_away(newsletter: Run) -> None:
    assert newsletter("rate", "set", "global", "20/s").out == "global is limited to 20/s.\n"
    newsletter("rate", "set", "provider:gmx-webde", "100 / min", "--by", "ana@example.org")
    newsletter("rate", "set", "global", "5000/h")

    assert newsletter("rate", "list").out.splitlines() == [
        "key                 rate     at present  slowed until",
        "global              5000/h   5000/h",
        "provider:gmx-webde  100/min  100/min",
    ]
    assert newsletter("rate", "unset", "global").out == "global has no limit.\n"
    assert newsletter("rate", "list", "--json").json == [
        {"key": "provider:gmx-webde", "per_second": 100 / 60, "present": 100 / 60, "slowed_until": None}
    ]


def test_without_a_rate_the_list_says_how_to_set_one(newsletter: Run) -> None:
    assert "newsletter rate set" in newsletter("rate", "list").out
    assert newsletter("rate", "list", "--json").json == []


def test_what_a_provider_slowed_down_is_shown_until_it_is_over(newsletter: Run, home: object) -> None:
    database = Database(f"sqlite:///{home}/newsletter.db")
    with database.writing() as session:
        pacing.slow_down(session, [provider_key(Provider.GMAIL)], observed_per_second=3, now=now())
    database.close()

    [rate] = newsletter("rate", "list", "--json").json

    assert (rate["key"], rate["per_second"], rate["present"]) == ("provider:gmail", None, 1.5)
    assert rate["slowed_until"].endswith("+00:00")
    assert "provider:gmail  no limit  90/min" in newsletter("rate", "list").out


def test_a_relay_that_this_machine_does_not_use_is_pointed_out(newsletter: Run) -> None:
    said = newsletter("rate", "set", "relay:mail.exmaple.org:25", "10/s")

    assert said.out == "relay:mail.exmaple.org:25 is limited to 10/s.\n"
    assert said.err.startswith("This machine's relay is relay:")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("set", "provider:hotmail", "20/s"), 1, "gmail, microsoft, yahoo, gmx-webde, t-online, other"),
        (("set", "gmail", "20/s"), 1, "global, relay:NAME or provider:GROUP"),
        (("set", "global", "20"), 2, "20/s, 100/min or 5000/h"),
        (("set", "global", "quick"), 2, "20/s, 100/min or 5000/h"),
        (("set", "global", "0/s"), 1, "pause the mailing"),
        (("set", "global", f"{'9' * 400}/s"), 1, "between 1 an hour and 100,000 a second"),
        (("set", "global", "20/s", "--by", "nobody@example.org"), 1, "nobody@example.org"),
        (("unset", "global"), 1, "“global” has no rate"),
        (("unset", "relay:"), 1, "There is no rate “relay:”"),
    ],
)
def test_a_slip_of_the_pen_is_told_in_a_sentence(
    newsletter: Run, arguments: tuple[str, ...], status: int, message: str
) -> None:
    said = newsletter("rate", *arguments, status=status)

    assert message in " ".join(said.err.replace("│", " ").split())
    assert newsletter("rate", "list", "--json").json == []


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (20.0, "20/s"),
        (100 / 60, "100/min"),
        (5000 / 3600, "5000/h"),
        (1 / 60, "1/min"),
        (1 / 3600, "1/h"),
        (12.5, "750/min"),
        (3.1415926, "3.14/s"),
        (0.031415926, "1.88/min"),
        (None, "no limit"),
    ],
)
def test_a_rate_is_shown_as_a_person_would_write_it(per_second: float | None, text: str) -> None:
    assert shown(per_second) == text
