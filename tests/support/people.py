"""The smallest valid people, lists and actors for tests."""

import datetime as dt

from sqlalchemy.orm import Session

from subscribers import lists, subscribing
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import MailingList, Subscription
from subscribers.people import Person
from subscribers.secret import Secret
from subscribers.subscribing import ConfirmationDue

NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
SECRET = Secret(b"a secret of thirty-two bytes. ok")
STAFF = Actor.command_line()
VISITOR = Actor.reader(None)
WORDING = "Ich möchte den Presse-Newsletter erhalten und weiß, dass ich ihn jederzeit abbestellen kann."


def a_list(session: Session, slug: str = "news") -> MailingList:
    return lists.create(session, slug, name="Presse-Newsletter", language="de", by=STAFF, now=NOW)


def asked(
    session: Session,
    mailing_list: MailingList,
    address: str = "anna@example.org",
    *,
    person: Person | None = None,
    now: dt.datetime = NOW,
) -> ConfirmationDue | subscribing.NothingDue:
    return subscribing.request(
        session,
        mailing_list,
        address=EmailAddress.parse(address),
        person=person or Person(first_name="Anna", last_name="Schmidt"),
        wording=WORDING,
        source="page",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=now,
    )


def a_subscription(
    session: Session,
    mailing_list: MailingList,
    address: str = "anna@example.org",
    *,
    confirmed: bool = True,
    now: dt.datetime = NOW,
) -> Subscription:
    due = asked(session, mailing_list, address, now=now)
    assert isinstance(due, ConfirmationDue)
    subscription = session.get_one(Subscription, due.subscription_id)
    if confirmed:
        subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=now)
    return subscription
