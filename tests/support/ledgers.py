"""Mailings to send in tests: people on a list, an issue approved and scheduled, a worker over any transport."""

import datetime as dt
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import mailings, statement
from newsletter.delivery.journals import Journals
from newsletter.delivery.messages import Messages
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.sending import Transport
from newsletter.delivery.statement import Statement
from newsletter.delivery.worker import Stop, Worker
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueState, Publication
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from subscribers import suppression
from subscribers.address import EmailAddress
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from tests.support.makers import BY, NOW, SECRET, a_list, a_publication

PUBLIC_URL = "https://news.example.org"
JOURNALS = "TESTS_JOURNALS"  # an environment variable, for workers that are processes
COMPILED = CompiledIssue(
    language="de",
    sender=Mailbox("Presse", "presse@example.org"),
    subject=("Neues für ", Slot('recipient.name or "alle"')),
    html=("<p>", Slot('recipient.salutation or "Guten Tag"'), '</p><a href="', Slot("links.unsubscribe"), '">Ab</a>\n'),
    text=(Slot('recipient.salutation or "Guten Tag"'), ",\n", Slot("links.unsubscribe"), "\n"),
    list_id="region.example.org",
    list_name="Region",
)
SYSTEM_MAIL = CompiledIssue(
    language="de",
    sender=Mailbox("Presse", "presse@example.org"),
    subject=("Bitte bestätigen",),
    html=('<a href="', Slot("links.confirm"), '">Ja</a>\n'),
    text=(Slot("links.confirm"), "\n"),
    automatic=True,
)


class Clock:
    """Stands still but for what a test adds."""

    def __init__(self, now: dt.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - NOW).total_seconds()

    def forward(self, **duration: float) -> None:
        self.now += dt.timedelta(**duration)


def a_reader(
    session: Session,
    mailing_list: MailingList,
    address: str,
    *,
    state: SubscriptionState = SubscriptionState.CONFIRMED,
    **fields: str,
) -> Subscription:
    """Somebody on a list."""
    parsed = EmailAddress.parse(address)
    person = Subscriber(
        address=parsed.address,
        address_key=parsed.key,
        suppression_key=suppression.key_of(parsed.key, key=suppression.hashing_key(SECRET)),
        provider=parsed.provider.value,
        created_at=NOW,
        **fields,
    )
    session.add(person)
    session.flush()
    subscription = Subscription(
        subscriber_id=person.id,
        list_id=mailing_list.id,
        state=state.value,
        source="test",
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(subscription)
    session.flush()
    return subscription


def a_mailing(
    session: Session, addresses: Sequence[str], *, compiled: CompiledIssue = COMPILED, due_at: dt.datetime = NOW
) -> Mailing:
    """An issue on its way to these readers, not planned yet."""
    mailing_list = a_list(session)
    for address in addresses:
        a_reader(session, mailing_list, address)
    return a_mailing_to(session, mailing_list, compiled=compiled, due_at=due_at)


def a_mailing_to(
    session: Session, mailing_list: MailingList, *, compiled: CompiledIssue = COMPILED, due_at: dt.datetime = NOW
) -> Mailing:
    """An issue on its way to a list, not planned yet."""
    made = session.scalar(select(Publication).where(Publication.list_id == mailing_list.id))
    publication = made or a_publication(session, mailing_list)
    issue = Issue(publication_id=publication.id, state=IssueState.SCHEDULED.value, revision=1, created_at=NOW)
    session.add(issue)
    session.flush()
    return mailings.send_issue(
        session,
        issue_id=issue.id,
        compiled_digest=compilations.store(session, compiled, now=NOW),
        list_id=mailing_list.id,
        name="Aktuell",
        due_at=due_at,
        by=BY,
        now=NOW,
    )


def a_system_mail(session: Session, address: str = "anna@example.org", **ids: int | None) -> Mailing:
    """A confirmation mail on its way."""
    return mailings.send_system_mail(
        session,
        SYSTEM_MAIL,
        name="confirmation",
        address=address,
        subscriber_id=ids.get("subscriber_id"),
        subscription_id=ids.get("subscription_id"),
        fields={"confirm_token": "abc.def"},
        by=BY,
        now=NOW,
    )


def a_worker(
    database: Database,
    *transports: Transport,
    clock: Clock | None = None,
    stop: Stop | None = None,
    sleep: Callable[[float], object] = lambda _: None,
) -> Worker:
    """A worker that never really sleeps; its journals lie beside the database."""
    clock = clock or Clock()
    return Worker(
        database,
        transports=transports,
        journals=Journals(journal_folder(database), monotonic=clock.monotonic),
        messages=Messages(SECRET, PUBLIC_URL),
        clock=clock,
        monotonic=clock.monotonic,
        sleep=sleep,
        stop=stop or Stop(),
    )


def journal_folder(database: Database) -> Path:
    """Where workers keep their journals: beside the database, or where `tests.conftest` says for a server's."""
    if database.engine.dialect.name == "sqlite":
        return Path(str(database.engine.url.database)).parent / "journal"
    return Path(os.environ[JOURNALS])


def the_statement(database: Database, mailing_id: int) -> Statement:
    """The statement now; its sum is checked as it is made."""
    with database.reading() as session:
        return statement.statement(session, mailing_id)


def numbers(database: Database, mailing_id: int) -> dict[str, int | str]:
    """What of the statement is not nought, without the number of recipients."""
    found = the_statement(database, mailing_id).as_json()
    return {key: value for key, value in found.items() if value and key not in ("mailing", "recipients")}


def rows(database: Database, mailing_id: int) -> dict[str, Delivery]:
    """The ledger's rows by address."""
    with database.reading() as session:
        found = session.scalars(select(Delivery).where(Delivery.mailing_id == mailing_id))
        return {row.address: row for row in found}
