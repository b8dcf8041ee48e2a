"""Trying an issue out: sending it as it stands to one address, and what became of that.

mailings = trials.send(session, edition, issue_id=7, address=address, by=by, now=now)  # one in each language
trials.of(session, issue_id=7, author="ana@example.org")[0].state  # 'accepted'
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.models import Delivery, Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.issues.editions import Edition
from subscribers.actor import Actor
from subscribers.address import EmailAddress

SHOWN = 4  # of an issue in two languages the last two tests


@dataclass(frozen=True, slots=True)
class Trial:
    """One test. `at` is when it was sent off; `reply` is the relay's, with its code, or empty.

    `mailing_state` tells where it waits: a paused one waits for a person, and `reason` says for what. `language` is
    that of the mail.
    """

    mailing_id: int
    address: str
    at: dt.datetime
    state: str
    mailing_state: str
    reason: str
    code: int | None
    reply: str
    language: str


def send(
    session: Session, edition: Edition, *, issue_id: int, address: EmailAddress, by: Actor, now: dt.datetime
) -> tuple[Mailing, ...]:
    """Send an issue as it stands to one address, in each of its languages.

    Raises:
        NotPermitted: the actor may not send tests.
        TemplateInvalid: the design has a mistake.
    """
    return tuple(
        mailings.send_test(
            session,
            compilations.store(session, compiled, now=now),
            name=edition.frame.publication,
            issue_id=issue_id,
            address=address,
            language=compiled.language,
            by=by,
            now=now,
        )
        for compiled in filter(None, (edition.compiled, edition.second))
    )


def of(session: Session, *, issue_id: int, author: str) -> tuple[Trial, ...]:
    """Somebody's own last tests of an issue, the newest first."""
    rows = session.execute(
        select(
            Mailing.id,
            Delivery.address,
            Mailing.created_at,
            Delivery.state,
            Mailing.state,
            Mailing.reason,
            Delivery.code,
            Delivery.reply,
            func.coalesce(Delivery.fields["language"].as_string(), ""),
        )
        .join(Delivery, and_(Delivery.mailing_id == Mailing.id, Delivery.position == 1))
        .where(Mailing.issue_id == issue_id, Mailing.kind == MailingKind.TEST.value, Mailing.created_by == author)
        .order_by(Mailing.id.desc())
        .limit(SHOWN)
    )
    return tuple(Trial(*row) for row in rows)
