"""What really happened, seen from the relay, the readers and the staff: the ledger is measured by it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import statement
from newsletter.delivery.models import Delivery, DeliveryAttempt, DeliveryState, Mailing, MailingKind, Window
from newsletter.delivery.settling import Settlement
from newsletter.delivery.verdicts import Scope, Verdict

Place = tuple[int, int]  # mailing and position
Attempt = tuple[int, int, int]


@dataclass
class _Copies:
    """Of one mail to one address: how many it has or may have, and how many it may have at most."""

    granted: int
    risked: int = 0
    taken: int = 0


@dataclass
class Truth:
    """Counts copies, remembers which replies the ledger was told, and who may be in doubt and why."""

    copies: dict[tuple[str, int, str], _Copies] = field(default_factory=dict)
    told: defaultdict[Place, dict[int, Verdict]] = field(default_factory=lambda: defaultdict(dict))
    begun: dict[Place, int] = field(default_factory=dict)
    doubts: defaultdict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def handed_over(self, session: Session, place: Place, attempt: int) -> None:
        """The final dot of a message was written."""
        self.begun[place] = max(attempt, self.begun.get(place, 0))
        copies = self._copies(session, place)
        copies.risked += 1
        assert copies.risked <= copies.granted, f"{place} is handed over again, and nobody asked for it"

    def answered(self, session: Session, place: Place, *, took: bool, knows: bool) -> None:
        """The relay has, or has not, taken the message, and its answer came through or not."""
        copies = self._copies(session, place)
        copies.taken += took
        copies.risked -= knows and not took

    def resent(self, session: Session, mailing: Mailing, positions: Collection[int]) -> None:
        """A person wants these to go out once more."""
        for position in positions:
            copies = self._copies(session, (mailing.id, position))
            copies.granted = copies.risked + 1

    def settled(self, one: Settlement) -> None:
        """The ledger was told what became of an attempt."""
        if one.outcome.reply.code is None:
            self.doubts[one.mailing_id, one.position].add(f"attempt {one.attempt} was cut off")
        else:
            self.told[one.mailing_id, one.position].setdefault(one.attempt, one.outcome.verdict)

    def replayed(self, facts: Collection[tuple[Attempt, Verdict]], in_doubt: Collection[Attempt]) -> None:
        """The ledger was told what a journal tells."""
        for (mailing, position, attempt), verdict in facts:
            if verdict.scope is Scope.RECIPIENT:
                self.told[mailing, position].setdefault(attempt, verdict)
        for mailing, position, attempt in in_doubt:
            self.doubts[mailing, position].add(f"attempt {attempt} was cut off")

    def check(self, session: Session, owners: Collection[str]) -> None:
        """Compare the whole ledger with what happened; `owners` are the tokens of the leases that stand."""
        leased: list[str] = []
        for mailing in session.scalars(select(Mailing).order_by(Mailing.id)).all():
            owners_here = _check_windows(session, mailing)
            _check_sum(session, mailing, is_leased=bool(owners_here))
            leased += owners_here
            rows = session.scalars(select(Delivery).where(Delivery.mailing_id == mailing.id))
            for row in rows:
                self._check_row(session, mailing, row)
        replies = session.execute(
            select(DeliveryAttempt.mailing_id, DeliveryAttempt.position, DeliveryAttempt.attempt, DeliveryAttempt.code)
        ).all()
        assert len(set(replies)) == len(replies), "a reply is noted twice"
        assert sorted(leased) == sorted(owners), "the leases that stand are not those that were claimed"

    def _check_row(self, session: Session, mailing: Mailing, row: Delivery) -> None:
        place = (row.mailing_id, row.position)
        told, state = self.told[place], DeliveryState(row.state)
        latest = max(told, default=0)
        says = f"{place} is {row.state} at attempt {row.attempt}, and was told {told}"
        if Verdict.ACCEPTED in told.values():
            assert state is DeliveryState.ACCEPTED, says
        elif told and told[latest] is Verdict.REJECTED and self.begun.get(place, 0) <= latest:
            assert state is DeliveryState.REJECTED, says
        match state:
            case DeliveryState.ACCEPTED:
                assert Verdict.ACCEPTED in told.values(), says
                assert self._copies(session, place).taken, f"{place} is accepted, and nobody got it"
            case DeliveryState.REJECTED:
                assert Verdict.REJECTED in told.values(), says
            case DeliveryState.DEFERRED | DeliveryState.EXPIRED:
                assert Verdict.DEFERRED in told.values(), says
            case DeliveryState.UNKNOWN:
                assert self.doubts[place], f"{place} is unknown without a reason"
            case DeliveryState.CANCELLED:
                assert mailing.state == "cancelled", says
            case _:
                assert row.next_at is None, says

    def _copies(self, session: Session, place: Place) -> _Copies:
        """By the issue, or else the mailing, and the address as it was planned."""
        mailing, row = session.get_one(Mailing, place[0]), session.get_one(Delivery, place)
        whole = ("issue", mailing.issue_id or 0) if mailing.kind == MailingKind.ISSUE else (mailing.kind, mailing.id)
        granted = 2 if mailing.kind == MailingKind.SYSTEM else 1  # a system mail in doubt goes out once more
        return self.copies.setdefault((*whole, row.address_key), _Copies(granted))


def _check_sum(session: Session, mailing: Mailing, *, is_leased: bool) -> None:
    made = statement.statement(session, mailing.id)  # raises where the rows are not as many as were planned
    numbers = made.as_json()
    assert sum(int(numbers[state]) for state in (*DeliveryState, "sending")) == made.recipients
    shown = [line.state for line in statement.deliveries(session, mailing.id)]
    assert {state: shown.count(state) for state in set(shown)} == {
        state: numbers[state] for state in (*DeliveryState, "sending") if numbers[state]
    }
    if made.state == "sent":
        assert not made.queued + made.sending + made.deferred, made
    if made.state == "cancelled" and not is_leased:  # the owner of a lease cancels what is left of it
        assert not made.queued + made.deferred, made


def _check_windows(session: Session, mailing: Mailing) -> list[str]:
    """Each position lies in one window; give the owners of those that are leased."""
    windows = session.scalars(
        select(Window).where(Window.mailing_id == mailing.id).order_by(Window.first_position)
    ).all()
    covered = [place for window in windows for place in range(window.first_position, window.last_position + 1)]
    assert covered == list(range(1, mailing.next_position)), "windows overlap, or leave somebody out"
    for window in windows:
        assert (window.state == "leased") == bool(window.owner), "only a lease has an owner"
    return [window.owner for window in windows if window.owner]
