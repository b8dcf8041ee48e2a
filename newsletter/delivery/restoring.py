"""After a restore: what the journals know and the database does not, told to the database.

    found = restoring.recover(database, journals, recovery=recovery, by=by, clock=now)
    found.accepted, found.unknown, found.strangers

The facts of each journal of this folder, open or closed, are settled as recovery settles them: an answer is that
outcome, what was begun without an answer is `unknown`, what was not begun stays queued. A line counts only for the
recipient it names (`matching`). Where a mailing was not planned yet when the backup was made, its audience is frozen
first, so that there are rows to settle.

Then folder and database match again. The mailings stay paused for a person to resume, one by one. Doing it again,
or after a crash in the middle, changes nothing more.

Journals are kept for a while only. Where the backup is older than the first that is kept, or another machine is gone
for good with its journals (`without`), nobody can know what was sent, and everything still queued is called
`unknown`, never sent.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import generations, pairing, planning, reasons, recovering, settling
from newsletter.delivery.generations import Generation, Match, NoteFile
from newsletter.delivery.journal import Answer, Record
from newsletter.delivery.journals import KEPT, Journals
from newsletter.delivery.matching import Matching, Told
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingKind, MailingState, StopCause
from newsletter.delivery.pairing import JournalFolder
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.delivery.recovering import Recovery
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict
from newsletter.errors import NewsletterError
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current

JOURNALS_AT_ONCE = 20  # in a transaction: some thousand rows, about a twentieth of a second on SQLite
ROWS_AT_ONCE = 2000
TORN = "its journal lost its end with the power, and nothing tells whether it was sent"
NO_JOURNAL = "the backup is older than the journals that are kept, and nothing tells whether it was sent"


class MachineUnknown(NewsletterError):
    """No other machine of that name has sent anything."""

    def __init__(self, host: str) -> None:
        super().__init__(f"No other machine {host} has sent mail for this database; nothing was recovered without it.")
        self.host = host


@dataclass(frozen=True, slots=True)
class Stranger:
    """A mailing that journals tell of and the database does not have, by number, time and name."""

    mailing_id: int
    made_at: dt.datetime | None
    name: str


@dataclass(slots=True)
class Findings:
    """What the journals told.

    `settled` counts the rows that the database had not heard of, by `Verdict`; `strangers` the recipients of
    mailings it does not have; `absent` recipients of mailings it has, who are not in their audience, by mailing.
    `lost` rows were called unknown because no journal tells of them. `others` are the hosts of other folders.
    """

    happened: str = ""
    journals: int = 0
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    settled: Counter[Verdict] = field(default_factory=Counter)
    strangers: Counter[Stranger] = field(default_factory=Counter)
    absent: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    waiting: tuple[int, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """How many were accepted and did not stand so in the database."""
        return self.settled[Verdict.ACCEPTED]

    @property
    def unknown(self) -> int:
        """Of how many more nobody can know."""
        return self.settled[Verdict.UNKNOWN] + self.lost

    def note(self, record: Record, told: Told) -> None:
        """Count what a journal told."""
        times = [line.at for line in record.lines if isinstance(line, Answer)]
        self.journals += 1
        self.since = min([*times, *filter(None, [self.since])], default=None)
        self.until = max([*times, *filter(None, [self.until])], default=None)
        self.settled.update(one.outcome.verdict for one in told.lacking)
        if not told.strange:
            return
        if told.mailing is not None:
            self.absent[told.mailing.id] += told.strange
        else:
            self.strangers[_stranger(record)] += told.strange


def recover(
    database: Database,
    journals: Journals,
    *,
    recovery: Recovery,
    by: Actor,
    clock: Callable[[], dt.datetime],
    without: Collection[str] = (),
    told: Callable[[int], object] = lambda _: None,
) -> Findings:
    """Replay all journals of this folder, and let it and the database match again.

    Where no worker has noticed yet that something was restored, all is paused first.

    Args:
        database: what was restored, or belongs to the home that was.
        journals: this machine's.
        recovery: over both.
        by: who asks for it.
        clock: tells the time.
        without: hosts that will not come back; nobody waits for their journals any more.
        told: hears how many journals are done.

    Raises:
        NotPermitted: the actor may not send.
        MachineUnknown: `without` names a host that the database does not know, or this one.
        JournalUnusable: the folder cannot be read or written.
    """
    by.require(SEND_ISSUES)
    recovery.run()
    restore = _Restore(database, journals, without=without, clock=clock)
    found = restore.replay_all(told)
    with generations.noted(journals.folder) as file:
        with database.writing() as session:
            wanted = adopt(session, journals, file=file, found=found, without=without, by=by, now=clock())
        file.confirm(wanted)
    return found


def adopt(
    session: Session,
    journals: Journals,
    *,
    file: NoteFile,
    found: Findings,
    without: Collection[str],
    by: Actor,
    now: dt.datetime,
) -> Generation:
    """Let folder and database match again, after everything was replayed; the file is confirmed after the commit."""
    by.require(SEND_ISSUES)
    audit.record(
        session,
        "journal.recover",
        f"journal:{journals.me.folder}",
        by=by,
        now=now,
        journals=found.journals,
        accepted=found.accepted,
        unknown=found.unknown,
        without=sorted(without),
    )
    for folder in _gone(session, journals, without):
        session.delete(folder)
    return pairing.adopt(session, journals, file, now=now)


class _Restore:
    """One replay of a whole folder."""

    def __init__(
        self, database: Database, journals: Journals, *, without: Collection[str], clock: Callable[[], dt.datetime]
    ) -> None:
        self._database = database
        self._without = without
        self._journals = journals
        self._clock = clock
        self._found = Findings()
        self._seen: set[int] = set()

    def replay_all(self, told: Callable[[int], object]) -> Findings:
        found = self._found
        with self._database.reading() as session:
            folder = session.get(JournalFolder, self._journals.me.folder)
            found.happened = pairing.happened(folder) if folder is not None and folder.doubt else ""
            is_older = folder is not None and folder.doubt == Match.DATABASE_OLDER
            untold_until = _gap(self._journals, folder) if is_older else None
            gone = [each for each in _gone(session, self._journals, self._without) if each.doubt != Match.HOME_OLDER]
            found.others = tuple(host for host in _others(session, self._journals) if host not in self._without)
        if gone:
            untold_until = self._clock()
            self._stop(gone)
        for records in _some(self._journals.closed(), JOURNALS_AT_ONCE):
            with self._database.writing() as session:
                self._replay(session, records, is_older=is_older)
            told(found.journals)
        if untold_until is not None:
            self._name_lost(untold_until)
        with self._database.reading() as session:
            paused = select(Mailing.id).where(Mailing.stopped_for == StopCause.RESTORED.value).order_by(Mailing.id)
            found.waiting = tuple(session.scalars(paused))
        return found

    def _stop(self, gone: Iterable[JournalFolder]) -> None:
        hosts = ", ".join(sorted({each.host for each in gone}))
        reason = reasons.GONE_FOR_GOOD % {"hosts": hosts}
        with self._database.writing() as session:
            pairing.stop_all(session, reason=reason, now=self._clock())

    def _replay(self, session: Session, records: Iterable[Record], *, is_older: bool) -> None:
        now, matching = self._clock(), Matching(session, everywhere=True)
        for record in records:
            mailing = matching.mailing_of(record)
            if mailing is not None and mailing.id not in self._seen:
                _freeze(session, mailing.id, now=now)
                self._seen.add(mailing.id)
            told = matching.read(record, now=now)
            settling.settle_all(session, told.lacking)
            self._found.note(record, told)
            if mailing is not None and record.is_whole:
                recovering.take_back(session, record, mailing, now=now)
            elif mailing is not None and is_older:
                self._found.lost += _name_torn(session, record, mailing, now=now)

    def _name_lost(self, until: dt.datetime) -> None:
        """Call unknown what is queued in any mailing that may have gone out before then."""
        may_be_sent = and_(Mailing.state == MailingState.PAUSED.value, Mailing.due_at <= until)
        with self._database.reading() as session:
            mailings = session.scalars(select(Mailing.id).where(may_be_sent).order_by(Mailing.id)).all()
        for mailing_id in mailings:
            with self._database.writing() as session:
                _freeze(session, mailing_id, now=self._clock())
            position: int | None = 0
            while position is not None:
                with self._database.writing() as session:
                    position = self._name_some(session, mailing_id, after=position)

    def _name_some(self, session: Session, mailing_id: int, *, after: int) -> int | None:
        """The next rows behind a position; give the last, None where there were none."""
        mailing = session.get_one(Mailing, mailing_id)
        which = and_(Delivery.mailing_id == mailing_id, Delivery.position > after)
        last = _name_unknown(session, mailing, which, reply=NO_JOURNAL, token="", now=self._clock())
        self._found.lost += last[1]
        return last[0]


def _gap(journals: Journals, folder: JournalFolder | None) -> dt.datetime | None:
    """Until when things were sent that neither the database nor a journal knows; None where there are none."""
    swept_until = journals.swept_until()
    is_known = folder is not None and folder.generation and swept_until and swept_until <= folder.seen_at
    return None if is_known else swept_until


def _gone(session: Session, journals: Journals, hosts: Collection[str]) -> list[JournalFolder]:
    """The folders of machines that will not come back."""
    of_hosts = select(JournalFolder).where(JournalFolder.host.in_(hosts), JournalFolder.id != journals.me.folder)
    found = list(session.scalars(of_hosts))
    for host in sorted(set(hosts) - {folder.host for folder in found}):
        raise MachineUnknown(host)
    return found


def _others(session: Session, journals: Journals) -> tuple[str, ...]:
    """The hosts of the other folders that were in use when the backup was made."""
    last = session.scalar(select(func.max(JournalFolder.seen_at)))
    if last is None:
        return ()
    others = select(JournalFolder.host).where(
        JournalFolder.id != journals.me.folder, JournalFolder.seen_at >= last - KEPT
    )
    return tuple(sorted(set(session.scalars(others))))


def _freeze(session: Session, mailing_id: int, *, now: dt.datetime) -> None:
    """Freeze the audience of a paused mailing that was not planned yet; it stays paused."""
    mailing = current(session, Mailing, mailing_id)
    if mailing is None or mailing.planned_at is not None or mailing.state != MailingState.PAUSED:
        return
    reason, cause, due_at = mailing.reason, mailing.stopped_for, mailing.due_at
    mailing.move(MailingState.PLANNING)
    mailing.due_at = max(due_at, now)  # it was not late, as it was begun
    while planning.plan_chunk(session, mailing_id, now=now):
        pass
    mailing.due_at = due_at
    if mailing.state in (MailingState.PLANNING, MailingState.SENDING):
        mailing.move(MailingState.PAUSED, reason)
        mailing.stopped_for = cause


def _name_torn(session: Session, record: Record, mailing: Mailing, *, now: dt.datetime) -> int:
    """Call unknown what is queued of a lease whose journal may have lost lines."""
    leased = record.leased
    if leased is None:
        return 0
    of_lease = and_(
        Delivery.mailing_id == mailing.id, Delivery.position.between(leased.first_position, leased.last_position)
    )
    return _name_unknown(session, mailing, of_lease, reply=TORN, token=record.token, now=now)[1]


def _name_unknown(
    session: Session, mailing: Mailing, which: ColumnElement[bool], *, reply: str, token: str, now: dt.datetime
) -> tuple[int | None, int]:
    """Settle queued rows as unknown, some at a time; give the last position and how many there were."""
    queued = (
        select(Delivery.position, Delivery.attempt)
        .where(which, Delivery.state == DeliveryState.QUEUED.value)
        .order_by(Delivery.position)
        .limit(ROWS_AT_ONCE)
    )
    rows = session.execute(queued).all()
    outcome = Outcome(Verdict.UNKNOWN, Reply(Step.FINAL_DOT, None, "", reply), relay="", at=now)
    kind = MailingKind(mailing.kind)
    settling.settle_all(
        session,
        [Settlement(kind, mailing.id, position, attempt + 1, outcome, lost_with=token) for position, attempt in rows],
    )
    return (rows[-1].position if rows else None), len(rows)


def _stranger(record: Record) -> Stranger:
    leased = record.leased
    if leased is None:
        return Stranger(next((line.mailing for line in record.lines), 0), None, "")
    return Stranger(leased.mailing, leased.made_at, leased.name)


def _some(records: Iterator[Record], number: int) -> Iterator[list[Record]]:
    while some := list(islice(records, number)):
        yield some
