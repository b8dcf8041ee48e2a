"""One import: sorts the rows of each chunk, and has the people among them written.

A chunk is one transaction, with its own audit row: what the log says was imported is what is there,
also after a crash, and the file can simply be imported again.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from subscribers import audit, consent, topics
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.importing.columns import TOPICS
from subscribers.importing.report import TOLD_BAD_ROWS, BadRowsFile, Report
from subscribers.importing.seen import Seen
from subscribers.importing.sheet import BadRow, Chunk, GoodRow, Sheet
from subscribers.importing.sorting import Sorted, sort
from subscribers.importing.writing import Overtaken, Proof, ProofFile, write
from subscribers.models import MailingList
from subscribers.orm import is_conflict
from subscribers.secret import Secret

ATTEMPTS = 5  # a sign-up may come between looking people up and writing them; then the chunk looks again


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    imported: int = 0
    already_there: int = 0
    duplicates: int = 0
    suppressed: int = 0
    bad_rows: int = 0


class Import:
    """Takes the chunks of one file, in order; a context manager, because it holds files open."""

    def __init__(
        self,
        sheet: Sheet,
        mailing_list: MailingList,
        *,
        proof: str | None,
        secret: Secret,
        by: Actor,
        bad_rows: Path | None = None,
        wording: str | None = None,
        proof_file: ProofFile | None = None,
    ) -> None:
        """Import into a list; `proof` is the text that shows that these people agreed, None where there is none.

        `wording` are the exact words they agreed to, where these are known and the rows do not tell them;
        `proof_file` is a file that shows it, which the caller keeps. Either proof confirms; words alone do not.
        Bad rows are kept in the file `bad_rows`, which is made when the first one comes.
        """
        by.require(MANAGE_PEOPLE)
        self._sheet = sheet
        self._list = mailing_list
        self._proof = (proof or "").strip() or None
        self._wording = (wording or "").strip() or None
        self._proof_file = proof_file
        self._secret = secret
        self._by = by
        self._bad_rows = BadRowsFile(bad_rows, sheet)
        self._seen = Seen()
        self._tally = _Tally()
        self._bad: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._seen.close()
        self._bad_rows.close()

    def take(self, session: Session, chunk: Chunk, *, now: dt.datetime) -> None:
        """Import a chunk in the session's transaction, and write its audit row."""
        topic_ids = self._topic_ids(session)
        chunk = _judged(chunk, topic_ids, list_slug=self._list.slug)
        first_times = self._first_times(chunk)
        for attempt in range(ATTEMPTS):
            try:
                with session.begin_nested():
                    found = self._sorted(session, first_times)
                    proof = self._kept_proof(session, found, now)
                    write(session, found, self._sheet, proof, topic_ids=topic_ids, by=self._by, now=now)
            except (DBAPIError, Overtaken) as error:
                is_overtaken = isinstance(error, Overtaken) or is_conflict(error)
                if attempt == ATTEMPTS - 1 or not is_overtaken:
                    raise
                continue
            break
        self._count(chunk, first_times, found)
        self._bad_rows.keep(chunk.bad)
        self._audit(session, found, now=now)

    def rehearse(self, session: Session, chunk: Chunk) -> None:
        """Count a chunk as `take` would; nothing is written, not even the file of bad rows."""
        chunk = _judged(chunk, self._topic_ids(session), list_slug=self._list.slug)
        first_times = self._first_times(chunk)
        self._count(chunk, first_times, self._sorted(session, first_times))

    def report(self) -> Report:
        """What became of the rows taken so far."""
        tally = self._tally
        return Report(
            rows=tally.rows,
            imported=tally.imported,
            already_there=tally.already_there,
            duplicates=tally.duplicates,
            suppressed=tally.suppressed,
            bad_rows=tally.bad_rows,
            bad=tuple(self._bad),
            ignored_columns=self._sheet.columns.ignored,
        )

    def _topic_ids(self, session: Session) -> dict[str, int]:
        if TOPICS not in self._sheet.columns.places:
            return {}
        return {topic.slug: topic.id for topic in topics.of_list(session, self._list)}

    def _first_times(self, chunk: Chunk) -> list[GoodRow]:
        first = self._seen.first_times([row.address.key for row in chunk.good])
        return [row for row, is_first in zip(chunk.good, first, strict=True) if is_first]

    def _sorted(self, session: Session, rows: Sequence[GoodRow]) -> Sorted:
        return sort(session, rows, list_id=self._list.id, secret=self._secret, with_proof=self._has_proof)

    @property
    def _has_proof(self) -> bool:
        return self._proof is not None or self._proof_file is not None

    def _kept_proof(self, session: Session, found: Sorted, now: dt.datetime) -> Proof:
        def kept(text: str | None) -> str | None:
            return consent.keep_wording(session, text, language=self._list.language, now=now) if text else None

        texts = {each.row.consent.text for each in found.wanted}
        of_rows = {text: digest for text in sorted(texts) if (digest := kept(text)) is not None}
        stated, wording = kept(self._proof), kept(self._wording)
        return Proof(self._list.id, stated, self._secret, wording, self._proof_file, of_rows)

    def _count(self, chunk: Chunk, first_times: Sequence[GoodRow], found: Sorted) -> None:
        tally = self._tally
        tally.rows += len(chunk.good) + len(chunk.bad)
        tally.duplicates += len(chunk.good) - len(first_times)
        tally.imported += len(found.wanted)
        tally.already_there += found.already_there
        tally.suppressed += found.suppressed
        tally.bad_rows += len(chunk.bad)
        self._bad.extend((row.line, row.reason) for row in chunk.bad[: TOLD_BAD_ROWS - len(self._bad)])

    def _audit(self, session: Session, found: Sorted, *, now: dt.datetime) -> None:
        audit.record(
            session,
            "subscriber.import",
            f"list:{self._list.id}",
            by=self._by,
            now=now,
            file=self._sheet.path.name,
            with_proof=self._has_proof,
            imported=len(found.wanted),
            rows_so_far=self._tally.rows,
        )


def _judged(chunk: Chunk, topic_ids: Mapping[str, int], *, list_slug: str) -> Chunk:
    """The chunk as the list sees it: a row that chooses a topic which the list has not is bad."""
    wrong = [row for row in chunk.good if row.topics is not None and not row.topics <= topic_ids.keys()]
    if not wrong:
        return chunk
    bad = [
        BadRow(row.line, row.cells, f"the list “{list_slug}” has no topic “{min(row.topics - topic_ids.keys())}”")
        for row in wrong
        if row.topics is not None
    ]
    lines = {row.line for row in wrong}
    good = tuple(row for row in chunk.good if row.line not in lines)
    return Chunk(good, tuple(sorted((*chunk.bad, *bad), key=lambda row: row.line)), chunk.bytes_read)
