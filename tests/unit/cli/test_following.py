import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from rich.console import Console

from newsletter.cli.following import picture, show_following
from newsletter.delivery.progress import Failure, Progress
from newsletter.delivery.statement import Statement
from tests.support.makers import NOW

FAILURES = (
    Failure(12, "rejected", "", 550, "5.1.1", "<[bold]anna@example.org> nobody"),
    Failure(3, "excluded", "left", None, "", ""),
)
HALF = Progress(
    Statement(7, "sending", 1000, 380, 20, 550, 10, 0, 12, 3, 0, 25),
    12.5,
    NOW + dt.timedelta(seconds=33),
    FAILURES,
)
DONE = Progress(Statement(7, "sent", 1000, 0, 0, 960, 0, 0, 12, 3, 0, 25), 30.0, None, FAILURES)


def _drawn(seen: Progress, *, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None, legacy_windows=False)
    with console.capture() as drawn:
        console.print(picture(seen))
    return [line.rstrip() for line in drawn.get().splitlines()]


def test_where_nobody_looks_each_change_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    faster = replace(HALF, per_second=20.0)

    show_following([HALF, faster, DONE], json_=False, console=Console(file=io.StringIO()))

    assert capsys.readouterr().out.splitlines() == [
        (
            "sending: 590 of 1000 settled, 550 accepted, 10 to be tried again, 12.5 a second, "
            "ends about 2026-11-23 09:00:33 UTC"
        ),
        "sent: 1000 of 1000 settled, 960 accepted",
    ]


def test_programs_get_each_look_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_following([HALF, HALF, DONE], json_=True, console=Console(file=io.StringIO()))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["state"], line["accepted"], line["per_second"]) for line in lines] == [
        ("sending", 550, 12.5),
        ("sending", 550, 12.5),
        ("sent", 960, 30.0),
    ]
    assert lines[0]["expected_end"] == "2026-11-23T09:00:33Z"
    assert lines[0]["failures"][1] == {
        "number": 3, "state": "excluded", "reason": "left", "code": None, "enhanced": "", "reply": ""
    }  # fmt: skip


def test_a_terminal_shows_a_bar_the_line_and_what_failed() -> None:
    assert _drawn(HALF) == [
        "Mailing 7: sending  ━━━━━━━━━━━━━━━━━━╸               590 of 1000",
        "550 accepted, 10 to be tried again, 12.5 a second, ends about 2026-11-23 09:00:33 UTC",
        "",
        "12  rejected  550 5.1.1 <[bold]anna@example.org> nobody",
        " 3  excluded  left",
    ]


def test_a_terminal_shows_ten_reasons_and_how_many_there_are_more() -> None:
    many = replace(HALF, failures=tuple(replace(FAILURES[0], code=code) for code in range(550, 563)))

    drawn = _drawn(many)

    assert [line.split()[2] for line in drawn if "rejected" in line] == [str(code) for code in range(550, 560)]
    assert drawn[-1] == "and 3 reasons more"


def test_following_on_a_terminal_ends_with_the_last_picture() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, color_system=None, legacy_windows=False)

    show_following([HALF, DONE], json_=False, console=console)

    shown = written.getvalue()
    assert shown.index("590 of 1000") < shown.index("Mailing 7: sent") < shown.index("960 accepted")
    assert "590 of 1000" not in shown[shown.index("Mailing 7: sent") :]


def test_whoever_stops_looking_is_told_no_error() -> None:
    def looks() -> Iterator[Progress]:
        yield HALF
        raise KeyboardInterrupt

    show_following(looks(), json_=True, console=Console(file=io.StringIO()))


@pytest.mark.parametrize("recipients", [0, 1])
def test_a_mailing_to_nobody_is_done(recipients: int) -> None:
    nobody = Progress(Statement(7, "sent", recipients, 0, 0, recipients, 0, 0, 0, 0, 0, 0), 0.0, None, ())

    assert _drawn(nobody)[0] == f"Mailing 7: sent  {'━' * 32}  {recipients} of {recipients}"
