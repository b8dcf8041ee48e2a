import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery.models import Delivery
from newsletter.delivery.recipients import CONFIRM_TOKEN
from newsletter.mails import confirmation
from newsletter.readers import confirming, signing_up
from newsletter.readers.errors import ListNotOpen
from subscribers import lists
from subscribers.address import EmailAddress
from subscribers.errors import RequestUnproven, TokenExpired
from subscribers.models import MailingList, Subscriber
from subscribers.orm import Base
from subscribers.people import Person
from subscribers.subscribing import ConfirmationDue, NothingDue, Reason
from tests.support.engines import jobs, states
from tests.support.makers import a_publication
from tests.support.people import NOW, SECRET, STAFF, VISITOR, WORDING, a_list, a_subscription


@pytest.fixture
def news(session: Session) -> MailingList:
    made = a_list(session)
    a_publication(session, made)
    return made


def sign_up(
    session: Session, mailing_list: MailingList, address: str = "anna@example.org", *, now: dt.datetime = NOW
) -> None:
    signing_up.sign_up(
        session,
        mailing_list,
        address=EmailAddress.parse(address),
        person=Person(first_name="Anna"),
        wording=WORDING,
        source="page",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=now,
    )


def add_requested(
    session: Session, mailing_list: MailingList, *, why: str = "at the fair"
) -> ConfirmationDue | NothingDue:
    return signing_up.add_requested(
        session,
        mailing_list,
        address=EmailAddress.parse("anna@example.org"),
        requested_by=why,
        person=Person(),
        secret=SECRET,
        by=STAFF,
        now=NOW,
    )


def mails(session: Session) -> list[Delivery]:
    session.flush()
    return list(session.scalars(select(Delivery).order_by(Delivery.mailing_id)))


def test_a_sign_up_queues_one_mail_whose_token_confirms_it(session: Session, news: MailingList) -> None:
    sign_up(session, news)

    (mail,) = mails(session)
    assert mail.address == "anna@example.org"
    shown = confirming.confirm(session, mail.fields[CONFIRM_TOKEN], secret=SECRET, by=VISITOR, now=NOW)
    assert not shown.already
    assert lists.counts(session, news)["confirmed"] == 1


def test_the_answer_is_the_same_whatever_is_known(session: Session, news: MailingList) -> None:
    a_subscription(session, news)

    sign_up(session, news)
    sign_up(session, news, "bert@example.org")
    sign_up(session, news, "bert@example.org")

    assert [mail.address for mail in mails(session)] == ["bert@example.org"]


def test_for_who_is_known_a_stranger_is_rehearsed_who_leaves_no_trace(
    engine_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsed: list[str] = []
    send = confirmation.send

    def watched(session: Session, due: ConfirmationDue, **facts: Any) -> None:
        rehearsed.append(due.address.address)
        send(session, due, **facts)

    monkeypatch.setattr(confirmation, "send", watched)
    engine_database.bind(jobs(engine_database))
    with engine_database.writing() as session:
        news = a_list(session)
        a_publication(session, news)
        a_subscription(session, news)
    before, enqueued = tables_of(engine_database), states(engine_database)

    with engine_database.writing() as session:
        sign_up(session, session.get_one(MailingList, news.id))

    assert len(rehearsed) == 1
    assert rehearsed[0] != "anna@example.org"
    assert tables_of(engine_database) == before
    assert states(engine_database) == enqueued == {}


def tables_of(database: Database) -> list[str]:
    """Everything in our tables."""
    with database.reading() as session:
        return [
            f"{table.name} {tuple(row)}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table).order_by(*table.primary_key.columns))
        ]


def test_a_list_without_a_publication_takes_nobody(session: Session) -> None:
    closed = a_list(session, "closed")

    with pytest.raises(ListNotOpen, match="“closed” has no publication yet"):
        sign_up(session, closed)

    assert session.scalars(select(Subscriber)).all() == []


def test_the_oldest_publication_of_a_list_speaks_for_it(session: Session, news: MailingList) -> None:
    a_publication(session, news, "zweite")

    assert signing_up.publication_of(session, news).slug == "aktuell"


def test_staff_is_told_what_came_of_a_request(session: Session, news: MailingList) -> None:
    assert isinstance(add_requested(session, news), ConfirmationDue)
    assert add_requested(session, news) == NothingDue(Reason.ASKED_RECENTLY)

    assert len(mails(session)) == 1


def test_staff_has_to_say_who_asked(session: Session, news: MailingList) -> None:
    with pytest.raises(RequestUnproven):
        add_requested(session, news, why="")

    assert mails(session) == []


def test_a_second_mail_has_a_token_of_its_own(session: Session, news: MailingList) -> None:
    later = NOW + dt.timedelta(days=10)

    sign_up(session, news)
    sign_up(session, news, now=later)

    first, second = (mail.fields[CONFIRM_TOKEN] for mail in mails(session))
    at = NOW + dt.timedelta(days=20)
    with pytest.raises(TokenExpired):
        confirming.confirmation_of(session, first, secret=SECRET, now=at)
    assert not confirming.confirmation_of(session, second, secret=SECRET, now=at).already
