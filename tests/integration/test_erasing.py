"""Somebody made of unique random strings did everything there is to do, is told all of it, and is erased."""

import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App, _holders
from newsletter.database import Database
from newsletter.delivery import mailings, planning
from newsletter.delivery.models import Delivery
from newsletter.delivery.recipients import CONFIRM_TOKEN, ERRAND_PATH
from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueState, Publication
from newsletter.readers import confirming, disclosing, erasing, own_data, signing_up
from subscribers import consent, errands, importing, lists, people, subscribing, suppression, tokens
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.importing import Import, Report
from subscribers.models import (
    Errand,
    MailingList,
    Subscription,
    SubscriptionTopic,
    SuppressionReason,
    Topic,
)
from subscribers.orm import READER, Base
from subscribers.people import Person
from tests.support.ledgers import COMPILED, Clock, a_system_mail, a_worker, journal_folder, the_statement
from tests.support.makers import BY, NOW, SECRET, a_list
from tests.support.postgres import Server
from tests.support.relay import IMPATIENT, Relay
from tests.support.traces import columns_with, files, traces
from tests.support.web import an_app

WORDS = ("salutation", "title", "first_name", "last_name", "organisation", "region", "ip", "note", "cell", "later_ip")


def a_word() -> str:
    return secrets.token_hex(8)


def an_address() -> str:
    return f"An.{a_word()}@H{a_word()}.example.org"


@dataclass
class Somebody:
    """Unique random words, each for one thing that is told of a person.

    Mail goes to `first`, later to `address`; that it goes to `wanted` is asked for and never confirmed.
    """

    words: dict[str, str] = field(
        default_factory=lambda: {name: f"{name[:4]}-{secrets.token_hex(8)}" for name in WORDS}
    )
    first: str = field(default_factory=an_address)
    address: str = field(default_factory=an_address)
    wanted: str = field(default_factory=an_address)

    @property
    def parsed(self) -> EmailAddress:
        return EmailAddress.parse(self.address)

    @property
    def all(self) -> frozenset[str]:
        """Every word, and of each address both halves by themselves."""
        halves = (half for address in (self.first, self.address, self.wanted) for half in address.split("@"))
        return frozenset((*self.words.values(), *halves))

    @property
    def person(self) -> Person:
        names = ("salutation", "title", "first_name", "last_name", "organisation", "region")
        return Person(**{name: self.words[name] for name in names}, language="de")


@pytest.fixture
def app(database: Database, tmp_path: Path) -> App:
    app = an_app(database, tmp_path, smtp=f"maildir:{tmp_path / 'maildir'}")
    database.bind_holders(lambda: _holders(app.settings))
    return app


@pytest.fixture
def everything(app: App, request: pytest.FixtureRequest) -> Callable[[], list[bytes]]:
    """What a thief would carry away: the database, dumped where it is a server's, and every file of the home."""

    def look() -> list[bytes]:
        found = [*files(app.settings.home), *files(journal_folder(app.database))]
        name = str(app.database.engine.url.database)
        if app.database.engine.dialect.name == "postgresql":
            server: Server = request.getfixturevalue("postgresql_server")
            return [*found, server.run("pg_dump", name)]
        return [*found, *files(Path(name).parent)]

    return look


class Story:
    """What somebody did, and what was done with them."""

    def __init__(self, app: App, who: Somebody, relay: Relay) -> None:
        self.app, self.who, self.relay = app, who, relay
        self.clock = Clock(NOW + dt.timedelta(days=1))
        self.mailings: list[int] = []

    def live(self) -> None:
        self.sign_up()
        self.confirm()
        self.move()
        self.choose()
        self.be_imported()
        self.get_mail()
        self.leave()
        self.wait_for_mail()

    def sign_up(self) -> None:
        first = EmailAddress.parse(self.who.first)
        self.relay.answer("RCPT", f"451 4.2.0 <{first}> come again, {self.who.first.split('@')[0]}.", times=1)
        with self.app.writing() as session:
            signing_up.sign_up(
                session,
                lists.named(session, "region"),
                address=first,
                person=self.who.person,
                wording="Ja, ich möchte.",
                source="page",
                ip=self.who.words["ip"],
                secret=SECRET,
                by=Actor.reader(None),
                now=self.clock(),
            )
        self.send()
        self.clock.forward(minutes=15)
        self.send()
        assert self.relay.received[str(first)]

    def confirm(self) -> None:
        with self.app.writing() as session:
            subscription = session.scalars(select(Subscription)).one()
            key = EmailAddress.parse(self.who.first).key
            token = tokens.confirmation(SECRET, subscription.id, address_key=key, now=self.clock())
            ip = self.who.words["later_ip"]
            confirming.confirm(session, token, secret=SECRET, by=Actor.reader(None), now=self.clock(), ip=ip)

    def move(self) -> None:
        """Have mail go to another address, and ask for a third one."""
        by = Actor.reader(None)
        with self.app.writing() as session:
            fresh = self.ask_for(session, self.who.address)
            own_data.change_address(session, fresh, ip=None, secret=SECRET, by=by, now=self.clock())
        self.send()
        self.clock.forward(hours=1)
        with self.app.writing() as session:
            self.ask_for(session, self.who.wanted)

    def ask_for(self, session: Session, address: str) -> str:
        """Ask for another address; give the token that was mailed there."""
        subscription = session.scalars(select(Subscription)).one()
        by, now = Actor.reader(None), self.clock()
        token = errands.ask(session, subscription, Errand.CHANGE_ADDRESS, secret=SECRET, by=by, now=now) or ""
        wanted = EmailAddress.parse(address)
        own_data.ask_new_address(session, token, address=wanted, secret=SECRET, by=by, now=now)
        mailed = session.scalars(select(Delivery).where(Delivery.address_key == wanted.key)).one()
        return str(mailed.fields[ERRAND_PATH]).rpartition("/")[2]

    def choose(self) -> None:
        with self.app.writing() as session:
            subscription = session.scalars(select(Subscription)).one()
            topic = Topic(list_id=subscription.list_id, slug="kultur", names={"de": "Kultur"}, position=1)
            session.add(topic)
            session.flush()
            session.add(SubscriptionTopic(subscription_id=subscription.id, topic_id=topic.id))
            subscription.topics_chosen, subscription.measured = True, True

    def be_imported(self) -> Report:
        home = self.app.settings.home
        path = home.parent / f"{home.name}-leser.csv"
        quoted = f'"{self.who.address};{self.who.words["first_name"]}\n'
        path.write_text(f"email;Vorname;Bemerkung\n{self.who.address};Eva;{self.who.words['cell']}\n{quoted}", "utf-8")
        return self.imported(path)

    def imported(self, path: Path) -> Report:
        folder = self.app.settings.imports_folder
        folder.mkdir(exist_ok=True)
        with self.app.writing() as session:
            known = session.scalar(select(MailingList).where(MailingList.slug == "stadt"))
            mailing_list = known or a_list(session, "stadt")
        kept = importing.leftovers.path_of(folder, path)
        with (
            importing.opened(path) as sheet,
            Import(sheet, mailing_list, proof="Formulare", secret=SECRET, by=BY, bad_rows=kept) as run,
        ):
            for chunk in sheet.chunks():
                with self.app.writing() as session:
                    run.take(session, chunk, now=self.clock())
            return run.report()

    def get_mail(self) -> None:
        moved = f"550 5.1.1 <{self.who.parsed}> was {self.who.first}, {self.who.address.split('@')[0]} is unknown"
        self.relay.answer("RCPT", moved, to=str(self.who.parsed), times=1)
        self.issue()
        self.send()
        self.mailings.append(self.test_mail())
        self.send(MaildirTransport(self.app.settings.home / "maildir"))

    def issue(self) -> int:
        """An issue of the first list, due now."""
        with self.app.writing() as session:
            publication = session.scalars(select(Publication)).one()
            issue = Issue(
                publication_id=publication.id, state=IssueState.SCHEDULED.value, revision=1, created_at=self.clock()
            )
            session.add(issue)
            session.flush()
            made = mailings.send_issue(
                session,
                issue_id=issue.id,
                compiled_digest=compilations.store(session, COMPILED, now=self.clock()),
                list_id=publication.list_id,
                name="Aktuell",
                due_at=self.clock(),
                by=BY,
                now=self.clock(),
            )
            self.mailings.append(made.id)
            return made.id

    def test_mail(self) -> int:
        with self.app.writing() as session:
            return mailings.send_test(
                session,
                compilations.store(session, COMPILED, now=self.clock()),
                name="Probe",
                issue_id=None,
                address=self.who.parsed,
                language="de",
                by=BY,
                now=self.clock(),
            ).id

    def leave(self) -> None:
        with self.app.writing() as session:
            stadt = lists.named(session, "stadt")
            subscription = session.scalars(select(Subscription).where(Subscription.list_id == stadt.id)).one()
            subscribing.leave(session, subscription, source="unsubscribe link", secret=SECRET, by=BY, now=self.clock())

    def wait_for_mail(self) -> None:
        """An issue is planned, a test and a system mail are queued, and none has gone out yet."""
        planned = self.issue()
        for _ in range(3):
            with self.app.writing() as session:
                planning.plan_chunk(session, planned, now=self.clock())
        self.mailings.append(self.test_mail())
        with self.app.writing() as session:
            person = people.known(session, self.who.parsed)
            self.mailings.append(a_system_mail(session, self.who.address, subscriber_id=person.id).id)
            suppression.add(
                session,
                self.who.parsed,
                SuppressionReason.BOUNCED,
                secret=SECRET,
                by=BY,
                now=self.clock(),
                note=self.who.words["note"],
            )

    def send(self, *transports: MaildirTransport | SmtpTransport) -> None:
        url = parse(self.relay.url)
        assert isinstance(url, SmtpUrl)
        a_worker(
            self.app.database, *(transports or (SmtpTransport(url, IMPATIENT),)), clock=self.clock
        ).run_until_idle()


@pytest.fixture
def story(app: App) -> Iterator[Story]:
    with Relay() as relay:
        told = Story(app, Somebody(), relay)
        told.live()
        yield told


Everything = Callable[[], list[bytes]]

# They hold no word of a person: a number, a choice of few, a hash, random octets.
WITHOUT_WORDS = {
    "delivery.variant",
    "delivery.reply",  # whom a reply names is taken out as it comes in
    "delivery_attempt.reply",
    "subscriber.suppression_key",
    "subscriber.provider",
    "subscriber.language",
    "subscription.measured",
    "subscription.topics_chosen",
    "subscription.paused_until",
    "subscription_topic.topic_id",
    "consent_evidence.salt",
}


def test_the_story_fills_every_column_that_may_tell_of_a_reader(story: Story, everything: Everything) -> None:
    told = {str(column) for table in Base.metadata.sorted_tables for column in table.columns if column.info == READER}

    with story.app.reading() as session:
        found = columns_with(session, story.who.all)

    assert found == told - WITHOUT_WORDS
    assert traces(story.who.all, *everything()) == story.who.all


def test_a_disclosure_tells_every_word(story: Story) -> None:
    with story.app.writing() as session:
        person = people.known(session, story.who.parsed)
        found = disclosing.disclose(session, person.id, by=Actor.reader(person.id), now=story.clock())

    assert traces(story.who.all, json.dumps(found, ensure_ascii=False).encode()) == story.who.all
    assert all(name not in json.dumps(found) for name in (CONFIRM_TOKEN, ERRAND_PATH))
    mails = found["mails"]
    assert isinstance(mails, list)
    assert [(mail["kind"], mail["state"]) for mail in mails] == [
        ("system", "accepted"),
        ("system", "accepted"),
        ("system", "accepted"),
        ("system", "accepted"),
        ("issue", "rejected"),
        ("test", "accepted"),
        ("issue", "queued"),
        ("test", "queued"),
        ("system", "queued"),
    ]
    assert f"Neues für {story.who.words['first_name']} {story.who.words['last_name']}" in {
        mail["subject"] for mail in mails
    }


def test_nothing_of_an_erased_person_is_left(story: Story, everything: Everything) -> None:
    app, who = story.app, story.who

    erase(story)

    assert traces(who.all, *everything()) == set()
    with app.reading() as session:
        assert consent.verify(session, secret=SECRET).holds
        assert consent.verify(session, secret=SECRET).records == 6
    mailed = dict(story.relay.received)
    story.send()
    assert story.relay.received == mailed
    assert [the_statement(app.database, mailing).state for mailing in story.mailings] == ["sent"] * 5
    assert traces(who.all, *everything()) == set()


def test_an_erased_person_is_not_imported_again_and_comes_back_by_a_double_opt_in(story: Story, tmp_path: Path) -> None:
    app, who = story.app, story.who
    with app.reading() as session:
        before = people.known(session, who.parsed).id
    erase(story)
    path = tmp_path.parent / f"{tmp_path.name}-wieder.csv"
    path.write_text(f"email\n{who.address.upper()}\n", "utf-8")

    report = story.imported(path)

    assert (report.imported, report.suppressed) == (0, 1)
    with app.reading() as session:
        assert people.find(session, who.parsed) is None
    story.relay.received.clear()
    story.clock.forward(days=1)
    with app.writing() as session:
        region = lists.named(session, "region")
        by = Actor.reader(None)
        signing_up.sign_up(
            session,
            region,
            address=who.parsed,
            person=Person(),
            wording="Ja.",
            source="page",
            ip=None,
            secret=SECRET,
            by=by,
            now=story.clock(),
        )
        person = people.known(session, who.parsed)
        subscription = session.scalars(select(Subscription).where(Subscription.subscriber_id == person.id)).one()
        token = tokens.confirmation(SECRET, subscription.id, address_key=who.parsed.key, now=story.clock())
    story.send()
    assert list(story.relay.received) == [str(who.parsed)]
    with app.writing() as session:
        confirming.confirm(session, token, secret=SECRET, by=by, now=story.clock())
        assert session.get_one(Subscription, subscription.id).state == "confirmed"
        assert not suppression.is_suppressed(session, who.parsed, secret=SECRET)
        assert consent.verify(session, secret=SECRET).holds
    assert person.id != before


def erase(story: Story) -> None:
    with story.app.writing() as session:
        person = people.known(session, story.who.parsed)
        erasing.erase(session, person.id, secret=SECRET, by=Actor.reader(person.id), now=story.clock())
