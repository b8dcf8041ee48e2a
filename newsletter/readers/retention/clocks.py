"""The table of clocks: what is kept, since when its time runs, how long, and what then becomes of it.

    for clock in clocks(settings.retention):
        clock.days, clock.due(session, facts)

`FIXED` are those that no setting moves, each run by whoever owns the data.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from newsletter.delivery import forgetting
from newsletter.readers.retention import people, records
from newsletter.readers.retention.facts import Facts
from newsletter.settings_file import RetentionSettings
from subscribers.importing import leftovers

Counting = Callable[[Session, Facts], int]


@dataclass(frozen=True, slots=True)
class Clock:
    """One kind of data that is kept for so many days. `name` is its key in `[retention]` of `newsletter.toml`.

    With `from_end_of_year` the days begin with the end of the year, as periods of limitation do (German Civil Code,
    section 199). `due` counts what is to end now; `step` ends the next few and tells how many, 0 when none is left.
    """

    name: str
    days: int
    kept: str
    since: str
    then: str
    due: Counting
    step: Counting
    from_end_of_year: bool = False

    def before(self, now: dt.datetime) -> dt.datetime:
        """What began before this is due."""
        passed = now - dt.timedelta(days=self.days)
        return dt.datetime(passed.year, 1, 1, tzinfo=dt.UTC) if self.from_end_of_year else passed


@dataclass(frozen=True, slots=True)
class Fixed:
    """One kind of data whose time no setting changes."""

    kept: str
    long: str
    then: str


FIXED = (
    Fixed("Journals of senders", "48 hours after they were closed", "deleted; they name recipients by hashes alone"),
    Fixed("Runs of the engine", "7 days after they ended", "deleted; they name mailings by number"),
    Fixed("Rate limits of the public pages", "until they are even again, 100 minutes at most", "deleted; keyed hashes"),
    Fixed(
        "Suppressions", "until they are lifted", "deleted; keyed hashes, without which a leaver would be mailed again"
    ),
    Fixed("Consent records", "for ever", "their personal part, the evidence, goes by the clocks above"),
)


def clocks(days: RetentionSettings) -> tuple[Clock, ...]:
    """All clocks, with the days that were set."""
    return (*_of_people(days), *_of_mail(days), *_of_logs(days))


def _of_people(days: RetentionSettings) -> tuple[Clock, ...]:
    return (
        Clock(
            "unconfirmed",
            days.unconfirmed,
            "Sign-ups that were never confirmed, with their evidence",
            "the last confirmation mail",
            "deleted; the person, too, where there is no other list",
            people.unconfirmed_due,
            people.unconfirmed_step,
        ),
        Clock(
            "new_addresses",
            days.new_addresses,
            "Addresses that were to become somebody's, never confirmed by who owns them",
            "the mail that asked",
            "blanked; the mail itself is a system mail",
            people.new_addresses_due,
            people.new_addresses_step,
        ),
        Clock(
            "imported",
            days.imported,
            "People imported without proof, with their evidence",
            "the import",
            "deleted; the person, too, where there is no other list",
            people.imported_due,
            people.imported_step,
        ),
        Clock(
            "left",
            days.left,
            "Evidence of consent, and people who have left all lists",
            "the end of the year in which the list was left",
            "erased; a keyed hash keeps imports from bringing the person back",
            people.left_due,
            people.left_step,
            from_end_of_year=True,
        ),
        Clock(
            "erased",
            days.erased,
            "Evidence of consent of people who were erased",
            "the erasure",
            "erased; with 0 days in the same moment",
            people.erased_due,
            people.erased_step,
        ),
    )


def _of_mail(days: RetentionSettings) -> tuple[Clock, ...]:
    return (
        Clock(
            "deliveries",
            days.deliveries,
            "To whom an issue went: address, fields, replies of relays",
            "the end of its mailing",
            "blanked; the numbers of the mailing stay",
            partial(_deliveries_due, kinds=forgetting.ISSUES),
            partial(_deliveries_step, kinds=forgetting.ISSUES),
        ),
        Clock(
            "system_mails",
            days.system_mails,
            "To whom a test or a system mail went, and the links in it",
            "its end",
            "blanked; the numbers stay",
            partial(_deliveries_due, kinds=forgetting.OTHERS),
            partial(_deliveries_step, kinds=forgetting.OTHERS),
        ),
    )


def _of_logs(days: RetentionSettings) -> tuple[Clock, ...]:
    return (
        Clock(
            "audit",
            days.audit,
            "The audit log: who of the staff did what; readers by number alone",
            "the act",
            "deleted",
            records.audit_due,
            records.audit_step,
        ),
        Clock(
            "alerts",
            days.alerts,
            "Alerts, and who of the staff took them on",
            "their end",
            "deleted",
            records.alerts_due,
            records.alerts_step,
        ),
        Clock(
            "bad_rows",
            days.bad_rows,
            "Files of rows that an import could not take, in `imports/` of the home",
            "the import",
            "deleted",
            _bad_rows_due,
            _bad_rows_step,
        ),
    )


def _deliveries_due(session: Session, facts: Facts, *, kinds: forgetting.Kinds) -> int:
    return forgetting.due(session, kinds, before=facts.before)


def _deliveries_step(session: Session, facts: Facts, *, kinds: forgetting.Kinds) -> int:
    return forgetting.forget_some(session, kinds, before=facts.before)


def _bad_rows_due(session: Session, facts: Facts) -> int:
    del session
    return len(leftovers.old(facts.imports, before=facts.before)) if facts.imports else 0


def _bad_rows_step(session: Session, facts: Facts) -> int:
    del session
    return leftovers.remove(facts.imports, before=facts.before) if facts.imports else 0
