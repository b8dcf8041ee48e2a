"""What a journal tells, matched to the rows of a database that may have been restored.

    told = Matching(session).read(record, now=now)
    settling.settle_all(session, told.settlements)
    told.lacking      # of those, what the database has not heard of

A restored database may lack the mailing, have given its number to another one, or have frozen its audience once more,
with other people in it. A line counts only for the recipient it names (`identity`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.identity import who_of
from newsletter.delivery.journal import Answer, Begin, Record
from newsletter.delivery.models import Delivery, Mailing, MailingKind
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Scope, Step, Verdict, verdict_on

IN_DOUBT = "the sender died between the message and the reply"


@dataclass(frozen=True, slots=True)
class Told:
    """What a journal tells of its mailing; None for a mailing that the database does not have.

    `lacking` are those `settlements` that are news to the database, `strange` the lines about a recipient that
    it does not have.
    """

    mailing: Mailing | None
    settlements: tuple[Settlement, ...]
    lacking: tuple[Settlement, ...]
    strange: int


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of a recipient."""

    position: int
    attempt: int
    has_reply: bool

    def lacks(self, one: Settlement) -> bool:
        is_first_reply = one.attempt == self.attempt and not self.has_reply and one.outcome.reply.code is not None
        return self.attempt < one.attempt or is_first_reply


class Matching:
    """Reads journals against one database."""

    def __init__(self, session: Session, *, everywhere: bool = False) -> None:
        """Take the database; `everywhere` looks for whoever is not at their position in the whole mailing."""
        self._session = session
        self._everywhere = everywhere
        self._people: dict[int, Mapping[str, _Known]] = {}

    def read(self, record: Record, *, now: dt.datetime) -> Told:
        """Match every answer about a recipient, and what was begun without an answer."""
        outcomes = _outcomes(record, now=now)
        mailing = self.mailing_of(record)
        if mailing is None:
            return Told(None, (), (), len(outcomes))
        there = self._there(mailing, {line.position for line, _ in outcomes})
        settlements, lacking = [], []
        for line, outcome in outcomes:
            known = self._known(mailing, line, there)
            if known is None:
                continue
            one = Settlement(MailingKind(mailing.kind), mailing.id, known.position, line.attempt, outcome)
            settlements.append(one)
            if known.lacks(one):
                lacking.append(one)
        return Told(mailing, tuple(settlements), tuple(lacking), len(outcomes) - len(settlements))

    def mailing_of(self, record: Record) -> Mailing | None:
        """The mailing that a journal is about, and no other one of its number."""
        number = next((line.mailing for line in record.lines), None)
        mailing = self._session.get(Mailing, number) if number is not None else None
        made_at = record.leased.made_at if record.leased else None
        return mailing if mailing is not None and made_at in (None, mailing.created_at) else None

    def _known(self, mailing: Mailing, line: Begin | Answer, there: Mapping[int, tuple[str, _Known]]) -> _Known | None:
        who, known = there.get(line.position, ("", None))
        if known is not None and line.who in ("", who):  # before 0.2 lines named nobody
            return known
        if not self._everywhere:
            return None
        if mailing.id not in self._people:
            self._people[mailing.id] = dict(self._rows(mailing))
        return self._people[mailing.id].get(line.who)

    def _there(self, mailing: Mailing, positions: set[int]) -> dict[int, tuple[str, _Known]]:
        return {known.position: (who, known) for who, known in self._rows(mailing, positions)}

    def _rows(self, mailing: Mailing, positions: set[int] | None = None) -> list[tuple[str, _Known]]:
        rows = select(Delivery.position, Delivery.address_key, Delivery.attempt, Delivery.code).where(
            Delivery.mailing_id == mailing.id
        )
        if positions is not None:
            rows = rows.where(Delivery.position.in_(positions))
        return [
            (who_of(mailing.id, mailing.created_at, address_key), _Known(position, attempt, code is not None))
            for position, address_key, attempt, code in self._session.execute(rows)
        ]


def _outcomes(record: Record, *, now: dt.datetime) -> list[tuple[Begin | Answer, Outcome]]:
    """What became of whom; an answer that is not about the recipient leaves the row as it is."""
    facts = [(answer, _fact(answer, begun)) for answer, begun in record.answers]
    doubt = Reply(Step.FINAL_DOT, None, "", IN_DOUBT)
    doubts = [
        (begun, Outcome(Verdict.UNKNOWN, doubt, relay="", at=now, date=begun.date, digest=begun.digest))
        for begun in record.in_doubt
    ]
    return [*((line, outcome) for line, outcome in facts if outcome.verdict.scope is Scope.RECIPIENT), *doubts]


def _fact(answer: Answer, begun: Begin | None) -> Outcome:
    return Outcome(
        verdict=verdict_on(answer.reply),
        reply=answer.reply,
        relay=answer.relay,
        at=answer.at,
        date=begun.date if begun else None,
        digest=begun.digest if begun else "",
    )
