"""The mail to a reader whose settings were changed by the link in their issues."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Mailing
from newsletter.issues import compilations
from newsletter.readers import measuring, noticing, preferring
from newsletter.readers.errors import ChangedTooOften
from newsletter.readers.preferring import Wanted
from newsletter.readers.saved import Outcome, Saved
from newsletter.readers.telling import MAILS_A_DAY
from newsletter.rendering.compiled import Slot
from subscribers import lists, pausing, tokens, topics
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from subscribers.models import ConsentRecord, MailingList, Subscriber, Subscription
from tests.support.makers import a_publication
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription

MARCH = dt.date(2027, 3, 1)
PAUSED = "„Presse-Newsletter“ pausiert bis zum 1. März 2027. Danach erhalten Sie wieder Ausgaben."
MEASURED = "Wir dürfen zählen, was Sie in „Presse-Newsletter“ öffnen und anklicken."


@pytest.fixture
def news(session: Session) -> MailingList:
    made = a_list(session)
    a_publication(session, made)
    lists.ask_measuring(session, made, wanted=True, by=STAFF, now=NOW)
    return made


@pytest.fixture
def subscription(session: Session, news: MailingList) -> Subscription:
    return a_subscription(session, news)


def change(
    session: Session,
    subscription: Subscription,
    wanted: Wanted,
    *,
    language: str = "",
    via: Subscription | None = None,
    now: dt.datetime = NOW,
) -> tuple[Saved, ...]:
    return preferring.change(
        session,
        tokens.preferences(SECRET, (via or subscription).id),
        {subscription.id: wanted},
        language=language,
        page_language="de",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=now,
    )


def agree(session: Session, subscription: Subscription, *, now: dt.datetime = NOW) -> bool | None:
    return measuring.agree(
        session,
        tokens.measuring(SECRET, subscription.id),
        wording="Ich stimme der Messung zu.",
        language="de",
        secret=SECRET,
        by=VISITOR,
        now=now,
    ).measured


def mails(session: Session) -> list[tuple[Delivery, str]]:
    """Each mail that told of changes, and its words."""
    session.flush()
    told = select(Delivery, Mailing).join(Mailing, Mailing.id == Delivery.mailing_id)
    rows = session.execute(told.where(Mailing.name == "settings-changed").order_by(Mailing.id))
    return [(delivery, text_of(session, mailing)) for delivery, mailing in rows]


def text_of(session: Session, mailing: Mailing) -> str:
    parts = compilations.load(session, mailing.compiled).text
    assert Slot("links.preferences") in parts
    return "".join(part for part in parts if isinstance(part, str))


def paragraph_of(session: Session) -> str:
    """What the only mail says was changed."""
    ((_, text),) = mails(session)
    return text.split("\n\n")[1]


def test_a_pause_is_told_to_the_address_with_the_link_to_the_settings(
    session: Session, subscription: Subscription
) -> None:
    change(session, subscription, Wanted(pause=MARCH))

    ((mail, text),) = mails(session)
    assert (mail.address, mail.subscription_id, mail.subscriber_id) == (
        "anna@example.org",
        subscription.id,
        subscription.subscriber_id,
    )
    assert mail.fields == {}
    assert f"\n\n{PAUSED}\n\n" in text


def test_the_link_of_the_mail_takes_the_pause_back_in_silence(session: Session, subscription: Subscription) -> None:
    change(session, subscription, Wanted(pause=MARCH))

    saved = change(session, subscription, Wanted(resume=True))

    assert [each.outcome for each in saved] == [Outcome.RESUMED]
    assert pausing.paused_until(subscription, now=NOW) is None
    assert len(mails(session)) == 1


def test_an_agreement_on_the_settings_page_is_told(session: Session, subscription: Subscription) -> None:
    change(session, subscription, Wanted(measured=True, measuring_wording="Ich stimme der Messung zu."))

    assert paragraph_of(session) == MEASURED


def test_an_agreement_on_the_page_on_measuring_is_told_once_and_proven(
    session: Session, subscription: Subscription
) -> None:
    assert agree(session, subscription) is True
    assert agree(session, subscription) is True

    assert paragraph_of(session) == MEASURED
    records = session.scalars(select(ConsentRecord).where(ConsentRecord.kind == "measuring agreed")).all()
    assert [(record.source, bool(record.wording)) for record in records] == [("measuring page", True)]


def test_what_was_saved_with_it_is_told_in_the_same_mail_in_the_language_the_person_had(
    session: Session, news: MailingList, subscription: Subscription
) -> None:
    culture = topics.add(session, news, "culture", names={"de": "Kultur", "en": "Culture"}, by=STAFF, now=NOW)
    topics.add(session, news, "sport", names={"de": "Sport", "en": "Sports"}, by=STAFF, now=NOW)

    wanted = Wanted(pause=MARCH, measured=True, measuring_wording="Ja.", topics=frozenset({culture.id}))
    change(session, subscription, wanted, language="en")

    assert session.get_one(Subscriber, subscription.subscriber_id).language == "en"
    assert paragraph_of(session) == (
        f"Von „Presse-Newsletter“ erhalten Sie: Kultur. {PAUSED} {MEASURED} Sprache: Englisch."
    )


def test_less_is_never_told(session: Session, news: MailingList, subscription: Subscription) -> None:
    culture = topics.add(session, news, "culture", names={"de": "Kultur"}, by=STAFF, now=NOW)
    topics.add(session, news, "sport", names={"de": "Sport"}, by=STAFF, now=NOW)

    for wanted in (Wanted(topics=frozenset({culture.id})), Wanted(measured=False), Wanted(resume=True), Wanted()):
        change(session, subscription, wanted, language="en")
    measuring.stop(session, tokens.measuring(SECRET, subscription.id), secret=SECRET, by=VISITOR, now=NOW)

    assert mails(session) == []


def test_what_is_as_wanted_already_is_not_told_again(session: Session, subscription: Subscription) -> None:
    for _ in range(5):
        change(session, subscription, Wanted(pause=MARCH))

    assert len(mails(session)) == 1


def test_short_pauses_told_three_times_a_day_hide_no_long_one(session: Session, subscription: Subscription) -> None:
    for day in range(1, MAILS_A_DAY + 1):
        change(session, subscription, Wanted(pause=NOW.date() + dt.timedelta(days=day)))

    with pytest.raises(ChangedTooOften), session.begin_nested():
        change(session, subscription, Wanted(pause=MARCH))
    with pytest.raises(ChangedTooOften), session.begin_nested():
        agree(session, subscription)

    assert len(mails(session)) == MAILS_A_DAY
    assert pausing.paused_until(subscription, now=NOW) == NOW.date() + dt.timedelta(days=MAILS_A_DAY)
    assert subscription.measured is None

    change(session, subscription, Wanted(pause=MARCH), now=NOW + dt.timedelta(days=1))
    assert len(mails(session)) == MAILS_A_DAY + 1


def test_leaving_and_giving_less_away_work_after_that(session: Session, subscription: Subscription) -> None:
    for day in range(1, MAILS_A_DAY + 1):
        change(session, subscription, Wanted(pause=NOW.date() + dt.timedelta(days=day)))

    change(session, subscription, Wanted(resume=True, measured=False))
    change(session, subscription, Wanted(on=False))

    assert (subscription.state, subscription.measured) == ("left", False)


def test_the_mails_of_one_person_are_counted_over_all_lists(session: Session, subscription: Subscription) -> None:
    events = a_list(session, "events")
    a_publication(session, events, "termine")
    second = a_subscription(session, events)
    for day in range(1, MAILS_A_DAY + 1):
        change(session, second, Wanted(pause=NOW.date() + dt.timedelta(days=day)), via=subscription)

    with pytest.raises(ChangedTooOften):
        change(session, subscription, Wanted(pause=MARCH))
    assert len(mails(session)) == MAILS_A_DAY

    other = a_subscription(session, session.get_one(MailingList, subscription.list_id), "bert@example.org")
    change(session, other, Wanted(pause=MARCH))
    assert mails(session)[-1][0].address == "bert@example.org"


def test_a_list_nobody_publishes_on_is_told_of_in_the_name_of_another_of_the_person(
    session: Session, subscription: Subscription
) -> None:
    silent = a_subscription(session, a_list(session, "silent"))

    change(session, silent, Wanted(pause=MARCH))

    ((mail, text),) = mails(session)
    assert mail.subscription_id == silent.id
    assert "Absender: Presse\n" in text
    assert subscription.paused_until is None


def test_where_nobody_publishes_at_all_there_is_nobody_to_mail(session: Session) -> None:
    silent = a_subscription(session, a_list(session, "silent"))

    change(session, silent, Wanted(pause=MARCH))

    assert pausing.paused_until(silent, now=NOW) == MARCH
    assert mails(session) == []


def test_english_words() -> None:
    saved = [
        Saved("News", Outcome.PAUSED, until=MARCH),
        Saved("News", Outcome.LEFT),
        Saved("News", Outcome.NOT_MEASURED),
        Saved("Events", Outcome.RESUMED),
        Saved("Events", Outcome.ASKED),
    ]

    assert noticing.changes(saved, language="en", spoken="de") == (
        "“News” pauses until 1 March 2027. After that you receive it again. "
        "Nothing of what you open and follow in “News” is counted. "
        "The pause is over: you receive “Events” again. "
        "Language: German."
    )


def test_not_everybody_may_tell(session: Session, subscription: Subscription) -> None:
    nobody = Actor(ActorKind.STAFF, "eda@example.org", frozenset())

    with pytest.raises(NotPermitted):
        noticing.tell(session, [], via=subscription, language="de", by=nobody, now=NOW)
