import datetime as dt
import functools
import re
from collections.abc import Callable

import pytest
from sqlalchemy import ColumnElement, literal, select, text, update
from sqlalchemy.orm import Session

from subscribers import audience, subscribing, suppression
from subscribers.address import EmailAddress
from subscribers.models import MailingList, Subscriber, Subscription, SuppressionReason
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

ANNA, BERT = "anna@example.org", "bert@example.org"


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


def suppress(
    session: Session, address: str, reason: SuppressionReason = SuppressionReason.BOUNCED, now: dt.datetime = NOW
) -> None:
    suppression.add(session, EmailAddress.parse(address), reason, secret=SECRET, by=STAFF, now=now)


def verdict(session: Session, subscription_id: int, *, planned: str = ANNA, now: dt.datetime = NOW) -> str | None:
    """Why the planned message of an issue may not go out."""
    return _asked(session, subscription_id, planned, functools.partial(audience.exclusion, now=now))


def system_verdict(session: Session, subscription_id: int) -> str | None:
    """Why the planned system mail may not go out."""
    return _asked(session, subscription_id, ANNA, audience.system_exclusion)


def _asked(
    session: Session,
    subscription_id: int,
    planned: str,
    exclusion: Callable[[ColumnElement[str]], ColumnElement[str | None]],
) -> str | None:
    """Join one row, as a ledger would hold it, to what is true now."""
    session.flush()
    row = select(literal(subscription_id).label("subscription_id"), literal(planned).label("address_key")).subquery()
    return session.scalar(
        select(exclusion(row.c.address_key))
        .select_from(row)
        .outerjoin(Subscription, Subscription.id == row.c.subscription_id)
        .outerjoin(Subscriber, Subscriber.id == Subscription.subscriber_id)
    )


def test_everybody_confirmed_is_selected_with_the_fields_of_a_mail(session: Session, news: MailingList) -> None:
    anna = a_subscription(session, news, "Anna@GMX.de")
    a_subscription(session, news, BERT, confirmed=False)
    a_subscription(session, a_list(session, "events"), "carl@example.org")
    session.flush()

    (row,) = session.execute(audience.confirmed(news.id, now=NOW)).mappings().all()

    assert dict(row) == {
        "subscriber_id": anna.subscriber_id,
        "subscription_id": anna.id,
        "address": "Anna@gmx.de",
        "address_key": "anna@gmx.de",
        "provider": "gmx-webde",
        "salutation": "",
        "title": "",
        "first_name": "Anna",
        "last_name": "Schmidt",
        "organisation": "",
        "language": "",
    }


def test_whoever_left_is_suppressed_or_erased_is_not_selected(session: Session, news: MailingList) -> None:
    left = a_subscription(session, news, "left@example.org")
    subscribing.leave(session, left, source="x", secret=SECRET, by=VISITOR, now=NOW)
    a_subscription(session, news, BERT)
    suppress(session, "Bert@EXAMPLE.org")
    suppress(session, BERT, SuppressionReason.COMPLAINED)
    erased = a_subscription(session, news, "erased@example.org")
    session.get_one(Subscriber, erased.subscriber_id).erased_at = NOW
    a_subscription(session, news, ANNA)
    session.flush()

    assert [row.address for row in session.execute(audience.confirmed(news.id, now=NOW))] == [ANNA]


def test_people_are_taken_page_by_page(session: Session, news: MailingList) -> None:
    for number in range(7):
        a_subscription(session, news, f"reader{number}@example.org")
    session.flush()

    seen: list[str] = []
    cursor = 0
    page = audience.confirmed(news.id, now=NOW).order_by(Subscription.subscriber_id).limit(3)
    while rows := session.execute(page.where(Subscription.subscriber_id > cursor)).all():
        seen.extend(row.address for row in rows)
        cursor = rows[-1].subscriber_id

    assert seen == [f"reader{number}@example.org" for number in range(7)]


def test_the_page_walks_an_index(session: Session, news: MailingList) -> None:
    page = (
        audience.confirmed(news.id, now=NOW).where(Subscription.subscriber_id > 5).order_by(Subscription.subscriber_id)
    )
    compiled = str(page.compile(session.connection(), compile_kwargs={"literal_binds": True}))

    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # as with many rows; a test has few
        plan = " ".join(row[0] for row in session.execute(text(f"EXPLAIN {compiled}")))
        assert "on subscription" in plan
        assert re.search(
            r"Index Cond: \(\(list_id = \d+\) AND .*state.* = 'confirmed'.* AND \(subscriber_id > 5\)\)", plan
        )
        assert "Sort" not in plan
        return
    plan = " ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "ix_subscription_list_id_state_subscriber_id (list_id=? AND state=? AND subscriber_id>?)" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_who_is_still_confirmed_may_get_it(session: Session, news: MailingList) -> None:
    assert verdict(session, a_subscription(session, news).id) is None


def test_who_left_may_not(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)

    assert verdict(session, subscription.id) == "left"


def test_who_was_suppressed_may_not(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    suppress(session, ANNA)
    suppress(session, ANNA, SuppressionReason.BLOCKED)

    assert verdict(session, subscription.id) == "suppressed"


def test_who_pauses_gets_nothing_before_that_moment(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    subscription.paused_until = until = NOW + dt.timedelta(days=14)
    session.flush()

    assert verdict(session, subscription.id) == "paused"
    assert session.execute(audience.confirmed(news.id, now=until - dt.timedelta(seconds=1))).all() == []
    assert verdict(session, subscription.id, now=until) is None
    assert [row.address for row in session.execute(audience.confirmed(news.id, now=until))] == [ANNA]


def test_a_pause_stops_no_system_mail(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    subscription.paused_until = NOW + dt.timedelta(days=14)

    assert system_verdict(session, subscription.id) is None


def test_a_changed_address_may_not_but_another_spelling_may(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news, "Anna@Example.org")

    assert verdict(session, subscription.id, planned=ANNA) is None
    assert verdict(session, subscription.id, planned="old@example.org") == "address changed"


def test_who_was_erased_may_not(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    session.get_one(Subscriber, subscription.subscriber_id).erased_at = NOW

    assert verdict(session, subscription.id) == "erased"
    assert verdict(session, 999) == "erased"


def test_the_reason_can_be_written_in_one_statement(session: Session, news: MailingList) -> None:
    """As the ledger does: an UPDATE whose value is the exclusion of the joined rows."""
    anna, bert = a_subscription(session, news), a_subscription(session, news, BERT)
    subscribing.leave(session, bert, source="x", secret=SECRET, by=VISITOR, now=NOW)
    session.flush()
    reason = (
        select(audience.exclusion(Subscriber.address_key, now=NOW))
        .where(Subscriber.id == Subscription.subscriber_id)
        .correlate(Subscription)
        .scalar_subquery()
    )

    session.execute(update(Subscription).values(source=reason).where(reason.is_not(None)))

    rows = session.execute(select(Subscription.id, Subscription.source).order_by(Subscription.id)).all()
    assert [tuple(row) for row in rows] == [(anna.id, "page"), (bert.id, "left")]


def test_a_confirmation_mail_reaches_who_asked_after_a_bounce(session: Session, news: MailingList) -> None:
    suppress(session, ANNA, now=NOW - dt.timedelta(days=1))
    subscription = a_subscription(session, news, confirmed=False)

    assert system_verdict(session, subscription.id) is None


def test_a_bounce_after_the_request_stops_the_confirmation_mail(session: Session, news: MailingList) -> None:
    due = asked(session, news)
    assert isinstance(due, subscribing.ConfirmationDue)
    suppress(session, ANNA, now=NOW + dt.timedelta(minutes=1))

    assert system_verdict(session, due.subscription_id) == "suppressed"


def test_who_is_blocked_gets_no_system_mail_but_a_mere_leaver_does(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news, confirmed=False)
    suppress(session, ANNA, SuppressionReason.LEFT, now=NOW + dt.timedelta(days=1))
    assert system_verdict(session, subscription.id) is None

    suppress(session, ANNA, SuppressionReason.BLOCKED, now=NOW - dt.timedelta(days=1))

    assert system_verdict(session, subscription.id) == "suppressed"
    assert system_verdict(session, 999) == "erased"


def test_everybody_of_a_list_counts_once_with_the_reason_why_not(session: Session, news: MailingList) -> None:
    for name in ("anna", "bert", "dora"):
        a_subscription(session, news, f"{name}@example.org")
    a_subscription(session, news, "carla@example.org").paused_until = NOW + dt.timedelta(days=1)
    a_subscription(session, news, "emil@example.org", confirmed=False)
    suppress(session, BERT)
    session.flush()

    found = audience.numbers(session, news, now=NOW)

    assert found == audience.Numbers(active=2, pending=1, left=0, paused=1, suppressed=1, erased=0)
