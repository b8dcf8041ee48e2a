"""How a relay is doing: after trouble it rests, each time longer, until it takes a message again."""

import datetime as dt

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Relay
from newsletter.delivery.retry import relay_delay
from newsletter.delivery.verdicts import Reply
from subscribers.orm import upsert


def resting_until(session: Session, name: str, *, now: dt.datetime) -> dt.datetime | None:
    """When a relay may be tried again; None: at once."""
    relay = session.get(Relay, name)
    return relay.retry_at if relay and relay.retry_at and relay.retry_at > now else None


def trouble_of(session: Session, name: str) -> str:
    """The relay's trouble as one sentence for a person; empty where it has none."""
    relay = session.get(Relay, name)
    return f"The relay {name} takes no mail: {relay.reply}" if relay and relay.retry_at else ""


def failed(session: Session, name: str, reply: Reply, *, now: dt.datetime) -> int:
    """Let a relay rest: 15 seconds, doubling with each failure in a row to 15 minutes. Give their number.

    While it rests, what fails is the same trouble, met by another connection.
    """
    said = f"{reply.line} (at {reply.step.label})"
    rests = {"reply": said, "retry_at": now + relay_delay(1)}
    counted = upsert(session, Relay).values(name=name, failures=1, **rests)
    again = counted.on_conflict_do_update(
        index_elements=[Relay.name],
        set_={"failures": Relay.failures + 1, "reply": said},
        where=or_(Relay.retry_at.is_(None), Relay.retry_at <= now),
    )
    failures: int | None = session.scalar(again.returning(Relay.failures))
    if failures is None:
        return session.scalar(select(Relay.failures).where(Relay.name == name)) or 1
    session.execute(
        update(Relay)
        .where(Relay.name == name)
        .values(retry_at=now + relay_delay(failures))
        .execution_options(synchronize_session=False)
    )
    return failures


def try_now(session: Session, name: str) -> None:
    """End a relay's rest; how often it failed in a row is still known."""
    session.execute(update(Relay).where(Relay.name == name).values(retry_at=None))


def well(session: Session, name: str) -> None:
    """Forget a relay's trouble: it took a message."""
    session.execute(delete(Relay).where(Relay.name == name))
