"""Readers who chose topics get the blocks of these, from the approval to what is put on the wire."""

import json
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.content import translating, variants
from newsletter.content.blocks import IssueContent, Story, Text
from newsletter.database import Database
from newsletter.delivery import choices, dispatching, holding, missed, planning, progress
from newsletter.delivery.models import Delivery, DeliveryState, Mailing
from newsletter.issues import approving, compilations, composing, revisions
from newsletter.issues.models import StoredCompiled
from subscribers import topics
from subscribers.actor import Actor
from subscribers.holders import DataSubject
from subscribers.models import MailingList, Subscription
from tests.support.ledgers import a_reader, a_worker, numbers, rows
from tests.support.makers import BY, NOW, SITE, a_list, a_publication
from tests.support.memory import MemoryTransport

CONTENT = IssueContent(
    "Neues",
    "Aus der Region",
    (
        Text("b1", "<p>Guten Tag</p>"),
        Story("b2", "Konzert am See", "<p>Heute.</p>", topics=("culture",)),
        Story("b3", "Derby im Regen", "<p>Gestern.</p>", topics=("sports",)),
        Text("b4", "<p>Fotos vom Spiel</p>", topics=("culture", "sports")),
    ),
)
IN_ENGLISH = translating.with_words(
    translating.begun(CONTENT, "en"),
    {"subject": "News", "b1.text": "<p>Hello</p>", "b2.title": "Concert at the lake", "b3.title": "Derby in the rain"},
)


def a_choosy_list(session: Session) -> tuple[MailingList, dict[str, int]]:
    """A list with three topics, of which one is on no block."""
    made = a_list(session)
    slugs = ("culture", "sports", "traffic")
    return made, {slug: topics.add(session, made, slug, names={"de": slug}, by=BY, now=NOW).id for slug in slugs}


def reads(
    session: Session, mailing_list: MailingList, name: str, chosen: set[int] | None, *, language: str = ""
) -> Subscription:
    subscription = a_reader(session, mailing_list, f"{name}@example.org", language=language)
    if chosen is not None:
        topics.choose(session, subscription, chosen, by=Actor.reader(subscription.subscriber_id), now=NOW)
    return subscription


def on_its_way(session: Session, mailing_list: MailingList, content: IssueContent = CONTENT) -> Mailing:
    issue = composing.create(session, a_publication(session, mailing_list), items=[], by=BY, now=NOW)
    revisions.save(session, issue, content, by=BY, now=NOW)
    approving.approve(session, issue, site=SITE, by=BY, now=NOW)
    return dispatching.send(session, issue, at=None, by=BY, now=NOW)


def plan(session: Session, mailing: Mailing) -> None:
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass


def test_each_gets_the_stories_of_their_topics_and_whom_none_is_left_for_gets_nothing(database: Database) -> None:
    with database.writing() as session:
        region, ids = a_choosy_list(session)
        reads(session, region, "anna", None)
        reads(session, region, "ben", {ids["culture"]})
        reads(session, region, "carla", {ids["sports"], ids["traffic"]})
        reads(session, region, "dora", set(ids.values()))
        reads(session, region, "emil", {ids["traffic"]})
        reads(session, region, "fred", set())
        mailing_id = on_its_way(session, region).id
    relay = MemoryTransport()

    a_worker(database, relay).run_until_idle()

    words = ("Konzert am See", "Derby im Regen", "Fotos vom Spiel")
    got = {to: [word for word in words if word.encode() in octets] for to, octets in relay.sent}
    assert got == {
        "anna@example.org": ["Konzert am See", "Derby im Regen", "Fotos vom Spiel"],
        "ben@example.org": ["Konzert am See", "Fotos vom Spiel"],
        "carla@example.org": ["Derby im Regen", "Fotos vom Spiel"],
        "dora@example.org": ["Konzert am See", "Derby im Regen", "Fotos vom Spiel"],
    }
    assert numbers(database, mailing_id) == {"state": "sent", "accepted": 4, "excluded": 2}
    with database.reading() as session:
        [left_out] = progress.progress(session, mailing_id, now=NOW).failures
        assert (left_out.number, left_out.state, left_out.reason) == (2, "excluded", "no story of the chosen topics")
        in_the_archive = "".join(
            map(str, compilations.load(session, session.get_one(Mailing, mailing_id).compiled).html)
        )
        assert [word for word in words if word in in_the_archive] == list(words)


def test_what_is_chosen_after_planning_counts_from_the_next_issue_on(session: Session) -> None:
    region, ids = a_choosy_list(session)
    anna = reads(session, region, "anna", {ids["culture"]})
    mailing = on_its_way(session, region)
    plan(session, mailing)

    topics.choose(session, anna, {ids["sports"]}, by=Actor.reader(anna.subscriber_id), now=NOW)

    found = choices.choosing(session, mailing)
    assert found is not None
    assert found.without_story == (0,)
    assert session.scalars(select(Delivery.variant)).all() == [5]


def test_a_topic_that_is_deleted_after_the_approval_is_chosen_by_nobody(session: Session) -> None:
    region, ids = a_choosy_list(session)
    for name, chosen in (("anna", {ids["culture"]}), ("ben", {ids["sports"]}), ("carla", None)):
        reads(session, region, name, chosen)
    mailing = on_its_way(session, region)
    topics.remove(session, topics.named(session, region, "sports"), by=BY, now=NOW)
    topics.add(session, region, "weather", names={"de": "Wetter"}, by=BY, now=NOW)

    plan(session, mailing)

    found = session.execute(select(Delivery.variant, Delivery.state).order_by(Delivery.position)).all()
    assert found == [(5, "queued"), (0, "excluded"), (7, "queued")]


def test_whom_an_issue_has_no_news_for_it_did_not_miss(session: Session) -> None:
    region, ids = a_choosy_list(session)
    anna = reads(session, region, "anna", {ids["culture"]})
    emil = reads(session, region, "emil", {ids["traffic"]})
    mailing = on_its_way(session, region)
    plan(session, mailing)
    for row in session.scalars(select(Delivery).where(Delivery.subscription_id == anna.id)):
        row.state = DeliveryState.REJECTED.value

    assert missed.number(session, mailing, now=NOW) == 1

    topics.choose(session, emil, {ids["sports"]}, by=Actor.reader(emil.subscriber_id), now=NOW)
    child = missed.send(session, mailing, by=BY, now=NOW)
    plan(session, child)
    again = select(Delivery.address, Delivery.variant).where(Delivery.mailing_id == child.id)
    assert session.execute(again.order_by(Delivery.position)).all() == [
        ("anna@example.org", 5),
        ("emil@example.org", 6),
    ]


def test_an_issue_without_topics_tells_nobody_apart(database: Database) -> None:
    with database.writing() as session:
        region, ids = a_choosy_list(session)
        reads(session, region, "anna", {ids["traffic"]})
        mailing = on_its_way(session, region, IssueContent("Neues", "", (Story("b1", "Konzert", "<p>Heute.</p>"),)))
        plan(session, mailing)
        assert choices.choosing(session, mailing) is None

    assert rows(database, mailing.id)["anna@example.org"].variant is None


def test_each_gets_the_blocks_of_their_topics_in_their_language(database: Database) -> None:
    with database.writing() as session:
        region, ids = a_choosy_list(session)
        for name, language in (("anna", ""), ("ben", "de"), ("carla", "en"), ("dora", "en-GB"), ("emil", "fr")):
            reads(session, region, name, None, language=language)
        reads(session, region, "fred", {ids["culture"]}, language="en")
        reads(session, region, "gabi", {ids["sports"]}, language="de")
        reads(session, region, "hans", {ids["traffic"]}, language="en")
        mailing = on_its_way(session, region, IN_ENGLISH)
        mailing_id = mailing.id
        stored = compilations.load(session, mailing.compiled).choices
        assert stored is not None
        assert (stored.language, sorted(number for number, _ in stored.digests)) == ("en", [5, 6, 13, 14, 15])
        found = choices.choosing(session, mailing)
        assert found is not None
        assert sorted(found.without_story) == [0, 8]
        plan(session, mailing)
    relay = MemoryTransport()

    a_worker(database, relay).run_until_idle()

    words = ("Konzert am See", "Concert at the lake", "Derby im Regen", "Derby in the rain", "Fotos vom Spiel")
    got = {to.partition("@")[0]: [word for word in words if word.encode() in octets] for to, octets in relay.sent}
    german = ["Konzert am See", "Derby im Regen", "Fotos vom Spiel"]
    english = ["Concert at the lake", "Derby in the rain", "Fotos vom Spiel"]
    assert got == {
        "anna": german,
        "ben": german,
        "carla": english,
        "dora": english,
        "emil": german,
        "fred": ["Concert at the lake", "Fotos vom Spiel"],
        "gabi": ["Derby im Regen", "Fotos vom Spiel"],
    }
    assert numbers(database, mailing_id) == {"state": "sent", "accepted": 7, "excluded": 1}
    octets = dict(relay.sent)["carla@example.org"]
    for said in (
        b"Subject: News\r\n",
        b"Content-Language: en\r\n",
        b"Issue 1",
        b"/view/",
        b"?lang=3Den",
        b"Unsubscribe",
    ):
        assert said in octets
    assert b"?lang" not in dict(relay.sent)["ben@example.org"]


def test_the_database_tells_readers_apart_as_their_numbers_say(session: Session) -> None:
    region, ids = a_choosy_list(session)
    sections = variants.sections(CONTENT)
    wanted = {}
    for language in ("", "de", "en", "fr"):
        for chosen in (None, (), ("culture",), ("sports", "traffic"), ("traffic",)):
            name = f"{language or 'none'}-{'-'.join(chosen) if chosen is not None else 'all'}"
            reads(session, region, name, None if chosen is None else {ids[slug] for slug in chosen}, language=language)
            number = variants.everything(sections) if chosen is None else variants.number_of(chosen, sections)
            wanted[f"{name}@example.org"] = number + (8 if language == "en" else 0)
    mailing = on_its_way(session, region, IN_ENGLISH)

    plan(session, mailing)

    found = session.execute(select(Delivery.address, Delivery.variant))
    assert {address: variant for address, variant in found} == wanted  # noqa: C416  # a row is no pair to mypy
    counted = choices.counted(session, region.id, sections, language="en", now=NOW)
    assert dict(counted) == {number: [*wanted.values()].count(number) for number in wanted.values()}


def test_an_issue_in_two_languages_without_topics_tells_readers_apart_by_language_alone(session: Session) -> None:
    region, ids = a_choosy_list(session)
    anna = reads(session, region, "anna", {ids["traffic"]}, language="en")
    reads(session, region, "ben", {ids["traffic"]})
    content = replace(IN_ENGLISH, blocks=tuple(replace(block, topics=()) for block in IN_ENGLISH.blocks))
    mailing = on_its_way(session, region, content)

    plan(session, mailing)

    rows = session.scalars(select(Delivery).order_by(Delivery.position)).all()
    assert [(row.variant, row.state) for row in rows] == [(1, "queued"), (0, "queued")]
    of_anna = DataSubject(anna.subscriber_id, "anna@example.org", "anna@example.org", "")
    [told] = holding.ledger_holder().disclose(session, of_anna)
    assert (told["subject"], told["topics"]) == ("News", None)


def test_what_is_stored_of_an_issue_in_one_language_says_nothing_of_a_second(session: Session) -> None:
    region, _ = a_choosy_list(session)

    digest = on_its_way(session, region).compiled

    stored = json.loads(session.get_one(StoredCompiled, digest).body)
    assert sorted(stored["choices"]) == ["digests", "sections"]
    assert compilations.load(session, digest).digest == digest
