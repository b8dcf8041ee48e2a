"""A folder of journals and the database, which belong together, and what is done when one was put back alone.

    Pairing(patient, journals, clock=now).keep()     # at each start before anything else, and every second

While a worker runs, both raise one generation every few seconds (`generations`). Where the database turns out to be
older than the folder, what was sent since its backup is in the journals alone; sending on would send it twice. Where
the folder is older, or a copy, its journals do not tell what became of its leases. Either way every mailing is
paused, nothing is resumed, and only `restoring.recover`, which a person asks for, ends that.

Between two risings the generation proves nothing. There the journals themselves do: what lies closed in the folder is
settled, so a database that has not heard of it is older.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

import structlog
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.delivery import endings, generations, reasons
from newsletter.delivery.generations import Generation, Match, Note, NoteFile
from newsletter.delivery.journal import JournalUnusable, Record
from newsletter.delivery.journals import Journals
from newsletter.delivery.matching import Matching
from newsletter.delivery.models import Mailing, MailingState, StopCause
from newsletter.delivery.patience import Patient
from newsletter.errors import NewsletterError
from subscribers.orm import Base, current

EVERY = dt.timedelta(seconds=10)  # so long a database may be put back under a running worker before that shows
JOURNALS_AT_ONCE = 50
SLACK_S = 60.0  # how far the times of two files of one folder may be off

_log = structlog.get_logger(__name__)


class JournalFolder(Base):
    """What the database has of a folder of journals; `doubt` is a `Match` that waits for a person, or empty."""

    __tablename__ = "journal_folder"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    generation: Mapped[int]
    mark: Mapped[str] = mapped_column(String(16))
    seen_at: Mapped[dt.datetime]
    doubt: Mapped[str] = mapped_column(String(20), default="")

    @property
    def at(self) -> Generation | None:
        """The generation that it has; None before the first."""
        return Generation(self.generation, self.mark) if self.generation else None

    def rise(self, wanted: Generation, *, host: str, now: dt.datetime) -> None:
        """Take the next generation."""
        self.generation, self.mark = wanted.number, wanted.mark
        self.host, self.seen_at = host, now


class RestoreInDoubt(NewsletterError):
    """Nobody may go on with what may have been sent already."""

    def __init__(self, folder: JournalFolder) -> None:
        super().__init__(reasons.RECOVER % {"happened": happened(folder)})


def require_certainty(session: Session) -> None:
    """See that no restored database or home waits for `mailing recover`.

    Raises:
        RestoreInDoubt: one does.
    """
    folder = next(iter(in_doubt(session)), None)
    if folder is not None:
        raise RestoreInDoubt(folder)


def in_doubt(session: Session) -> tuple[JournalFolder, ...]:
    """The folders that wait for a person."""
    return tuple(session.scalars(select(JournalFolder).where(JournalFolder.doubt != "").order_by(JournalFolder.id)))


def problems(session: Session) -> tuple[str, ...]:
    """A sentence for each folder that waits for a person."""
    return tuple(str(RestoreInDoubt(folder)) for folder in in_doubt(session))


def happened(folder: JournalFolder) -> str:
    """What is in doubt, in a sentence."""
    is_database = folder.doubt == Match.DATABASE_OLDER
    return (reasons.DATABASE_OLDER if is_database else reasons.HOME_OLDER) % {"host": folder.host}


def stop_all(session: Session, *, reason: str, now: dt.datetime) -> None:
    """Pause every mailing that is planned or being sent; the paused are locked, too, so that nobody resumes one now."""
    unfinished = (MailingState.PLANNING.value, MailingState.SENDING.value, MailingState.PAUSED.value)
    locked = select(Mailing).where(Mailing.state.in_(unfinished)).order_by(Mailing.id).with_for_update()
    for mailing in session.scalars(locked, execution_options={"populate_existing": True}).all():
        endings.stop(session, mailing, reason=reason, now=now, cause=StopCause.RESTORED)


class Pairing:
    """Watches over one folder and the database, for one process."""

    def __init__(self, patient: Patient, journals: Journals, *, clock: Callable[[], dt.datetime]) -> None:
        """Take the two; nothing is compared yet."""
        self._patient = patient
        self._journals = journals
        self._clock = clock
        self._looked_at: dt.datetime | None = None
        self._doubt = ""

    def keep(self) -> str:
        """Compare the two when it is time, and raise their generation; give what is in doubt, in a sentence.

        In doubt, all mailings are paused when this returns.

        Raises:
            JournalUnusable: the folder cannot even be read.
        """
        now, is_first = self._clock(), self._looked_at is None
        if self._looked_at is None or abs(now - self._looked_at) >= EVERY:
            with generations.noted(self._journals.folder, while_held=self._patient.pause) as file:
                self._doubt = self._compared(file, now=now, is_first=is_first)
            self._looked_at = now
        return self._doubt

    def _compared(self, file: NoteFile, *, now: dt.datetime, is_first: bool) -> str:
        note = file.read()
        known = self._patient.read(lambda session: session.get(JournalFolder, self._journals.me.folder))
        if known is not None and known.doubt:
            return happened(known)
        match = generations.compare(note, known.at if known else None)
        if match is Match.SAME and is_first and self._is_behind(since=file.written_at()):
            match = Match.DATABASE_OLDER
        if match is not Match.SAME:
            return self._doubted(match, now=now)
        wanted = (note.wanted or generations.BEFORE_ALL).next()
        after = known.at if known else None
        try:
            file.intend(wanted, after=after)
        except JournalUnusable as error:  # then no journal can be written either, and nothing is sent
            _log.warning("the generation was not raised", error=str(error))
            return ""
        match = self._patient.write(partial(self._risen, note=Note(after, wanted), wanted=wanted, now=now))
        if match is not Match.SAME:
            return self._doubted(match, now=now)
        _confirm(file, wanted)
        return ""

    def _is_behind(self, *, since: float) -> bool:
        """Tell whether the database has not heard of what was closed since the last rise.

        First the journals, then the database: whatever others settle and close meanwhile is in both.
        """
        closed = self._journals.closed(since=since - SLACK_S)
        while records := list(islice(closed, JOURNALS_AT_ONCE)):
            if self._patient.read(partial(_lacks, records=records, now=self._clock())):
                return True
        return False

    def _risen(self, session: Session, *, note: Note, wanted: Generation, now: dt.datetime) -> Match:
        me = self._journals.me
        folder = current(session, JournalFolder, me.folder)
        match = generations.compare(note, folder.at if folder else None)
        if match is Match.SAME:
            if folder is None:
                folder = JournalFolder(id=me.folder, doubt="")
                session.add(folder)
            folder.rise(wanted, host=me.host, now=now)
        return match

    def _doubted(self, match: Match, *, now: dt.datetime) -> str:
        """Set aside journals that do not tell all, and pause everything."""
        if match is Match.HOME_OLDER:
            for journal in self._journals.orphans():
                journal.close()
        doubt = self._patient.write(partial(self._stop_all, match=match, now=now))
        _log.warning("home and database do not match", reason=doubt)
        return doubt

    def _stop_all(self, session: Session, *, match: Match, now: dt.datetime) -> str:
        me = self._journals.me
        folder = current(session, JournalFolder, me.folder)
        if folder is None:
            folder = JournalFolder(id=me.folder, host=me.host, generation=0, mark="", seen_at=now)
            session.add(folder)
        folder.doubt, folder.host = match.value, me.host
        stop_all(session, reason=str(RestoreInDoubt(folder)), now=now)
        return happened(folder)


def adopt(session: Session, journals: Journals, file: NoteFile, *, now: dt.datetime) -> Generation:
    """Have folder and database match again; the file is told by `confirm` after the commit."""
    me = journals.me
    folder = current(session, JournalFolder, me.folder)
    if folder is None:
        folder = JournalFolder(id=me.folder)
        session.add(folder)
    note = file.read()
    found = (folder.at, note.confirmed, note.wanted, generations.BEFORE_ALL)
    wanted = max(filter(None, found), key=lambda one: one.number).next()
    file.intend(wanted, after=folder.at)
    folder.rise(wanted, host=me.host, now=now)
    folder.doubt = ""
    return wanted


def _lacks(session: Session, *, records: Sequence[Record], now: dt.datetime) -> bool:
    matching = Matching(session)
    for record in records:
        told = matching.read(record, now=now)
        is_unplanned = told.mailing is None or told.mailing.planned_at is None
        if told.lacking or (told.strange and is_unplanned):
            return True
    return False


def _confirm(file: NoteFile, wanted: Generation) -> None:
    try:
        file.confirm(wanted)
    except JournalUnusable as error:  # what was intended tells as much
        _log.warning("the generation was not confirmed", error=str(error))
