import datetime as dt
import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery.alerts.models import Alert
from newsletter.readers.holding import holders
from newsletter.readers.retention.clocks import FIXED, clocks
from newsletter.readers.retention.running import Retention, is_time, next_run
from newsletter.settings_file import RetentionSettings
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from subscribers.importing import leftovers
from tests.support.makers import BY, NOW
from tests.support.people import a_list, a_subscription

DOCUMENT = Path(__file__).parents[4] / "docs" / "retention.md"
LONG_AFTER = NOW + dt.timedelta(days=10 * 365)


def a_retention(database: Database, folder: Path) -> Retention:
    return Retention(database, clocks(RetentionSettings()), holders=holders(imports=folder), imports=folder)


def test_what_is_due_is_counted_ended_and_noted(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        a_subscription(session, a_list(session), confirmed=False)
        session.add(Alert(key="relay:x", kind="relay_failing", facts={}, raised_at=NOW, last_at=NOW, ended_at=NOW))
    path = leftovers.path_of(tmp_path, Path("leser.csv"))
    path.write_text("email,reason\r\n", "utf-8")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    retention = a_retention(database, tmp_path)
    expected = dict.fromkeys(RetentionSettings.__dataclass_fields__, 0) | {
        "unconfirmed": 1,
        "audit": 2,
        "alerts": 1,
        "bad_rows": 1,
    }
    assert retention.due(now=NOW) == dict.fromkeys(expected, 0)
    assert retention.due(now=LONG_AFTER) == expected

    ended = retention.run(by=BY, now=LONG_AFTER)

    assert ended == expected
    assert retention.due(now=LONG_AFTER) == dict.fromkeys(expected, 0)
    assert not path.exists()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 0
        entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "retention.run"
    assert entry.details == {"unconfirmed": 1, "audit": 2, "alerts": 1, "bad_rows": 1}


def test_where_nothing_is_due_nothing_is_noted(database: Database, tmp_path: Path) -> None:
    assert set(a_retention(database, tmp_path).run(by=BY, now=NOW).values()) == {0}

    with database.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_a_reader_may_not_run_it(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        a_retention(database, tmp_path).run(by=Actor.reader(7), now=NOW)


def test_there_is_a_clock_for_each_setting_and_no_other() -> None:
    days = RetentionSettings(*range(20, 30))

    assert {clock.name: clock.days for clock in clocks(days)} == {
        name: getattr(days, name) for name in RetentionSettings.__dataclass_fields__
    }


def test_the_clock_of_leavers_begins_with_the_end_of_the_year() -> None:
    (left,) = (clock for clock in clocks(RetentionSettings()) if clock.name == "left")

    assert left.before(dt.datetime(2029, 12, 30, 12, tzinfo=dt.UTC)) == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert left.before(dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)) == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (dt.datetime(2026, 11, 23, 2, 40, tzinfo=dt.UTC), dt.datetime(2026, 11, 23, 2, 41, tzinfo=dt.UTC)),
        (dt.datetime(2026, 11, 23, 2, 41, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, 2, 41, tzinfo=dt.UTC)),
    ],
)
def test_the_next_run_is_in_the_night(now: dt.datetime, then: dt.datetime) -> None:
    assert next_run(now) == then


def test_a_worker_runs_the_clocks_in_the_night_and_else_once_a_day() -> None:
    day = dt.datetime(2026, 11, 23, 9, 41, tzinfo=dt.UTC)

    assert is_time(day, last=None)
    assert not is_time(day, last=day - dt.timedelta(hours=1))
    assert is_time(day, last=day - dt.timedelta(days=1))
    assert is_time(day.replace(hour=2), last=day - dt.timedelta(hours=8))


def test_the_document_shows_the_table() -> None:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    wanted = [
        f"| `{clock.name}` | {clock.kept} | {clock.since} | {clock.days} | {clock.then} |"
        for clock in clocks(RetentionSettings())
    ] + [f"| {fixed.kept} | {fixed.long} | {fixed.then} |" for fixed in FIXED]

    assert [line for line in wanted if line not in lines] == []
