"""An issue in the hands of somebody else: every link opened, every button pressed, and by a crawler that runs scripts.

The crawler presses nothing, and nothing changes. The stranger presses everything, and learns nothing of the
person, and does nothing that its owner cannot take back.
"""

import datetime as dt
import email
import email.policy
import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.models import Delivery
from newsletter.issues import compilations
from newsletter.issues.models import Issue as Edition
from newsletter.issues.models import IssueState, Publication
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.compiling import compile_issue
from subscribers import consent, subscriptions, suppression
from subscribers.address import EmailAddress
from subscribers.models import ConsentKind, MailingList, Subscriber, Subscription, SubscriptionState
from tests.e2e.conftest import Running
from tests.support.editions import a_frame, an_edition, the_design
from tests.support.ledgers import PUBLIC_URL, Clock, a_reader, a_worker
from tests.support.makers import BY, SECRET, a_list
from tests.support.memory import MemoryTransport
from tests.support.web import dump, mails_to

pytestmark = pytest.mark.slow

# Random enough to be found wherever it turns up.
OWNER = {
    "salutation": "Frau",
    "title": "Dr. Yxqa",
    "first_name": "Qvxjira",
    "last_name": "Zwhkumbel",
    "organisation": "Kfzwerk Ploux",
}
ADDRESS = "jqxwvz.owner@posteo.de"
PERSONAL = ("Yxqa", "Qvxjira", "Zwhkumbel", "Ploux", "jqxwvz", "owner@", "posteo")
MOST_PAGES = 200
UNTOLD = ("rate ",)  # who asked how often


# What there is to follow and to press, with everything chosen and every field filled that can be.
LOOK = """() => {
    for (const radio of document.querySelectorAll('input[type=radio]'))
        if (!document.querySelector(`input[name="${radio.name}"]:checked`)) radio.checked = true;
    for (const box of document.querySelectorAll('input[type=checkbox]')) box.checked = !box.checked;
    for (const text of document.querySelectorAll('input[type=email], input[type=text], input:not([type])'))
        if (!text.closest('[hidden]')) text.value = text.type === 'email' ? 'thief@evil.example' : 'x';
    const pressed = form => [...form.querySelectorAll('button, input[type=submit]')].map(button => ({
        url: form.action, fields: Object.fromEntries(new FormData(form, button)),
    }));
    return {
        links: [...document.querySelectorAll('a[href], area[href]')].map(link => link.href),
        presses: [...document.forms].filter(form => form.method === 'post').flatMap(pressed),
    };
}"""


@dataclass(slots=True)
class Issue:
    """The owner's issue as it arrived, all of it."""

    octets: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.octets, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def links(self, site: Running) -> list[str]:
        """Every address of ours in headers, text and HTML, at the site that runs."""
        parts = [str(self.message[name] or "") for name in self.message]
        parts += [str(part.get_content()) for part in self.message.walk() if part.get_content_maintype() == "text"]
        found = re.findall(rf"{re.escape(PUBLIC_URL)}(/[^\s\"'<>)]*)", " ".join(parts))
        return [site.url + html.unescape(path) for path in dict.fromkeys(found)]


@pytest.fixture
def issue(site: Running) -> Issue:
    """Somebody with a name is on two lists, and got an issue of the first."""
    app = site.app
    with app.writing() as session:
        news = session.scalars(select(MailingList)).one()
        subscription = a_reader(session, news, ADDRESS, state=SubscriptionState.CONFIRMED, **OWNER)
        prove(session, subscription)
        events = a_list(session, "termine")
        second = Subscription(
            subscriber_id=subscription.subscriber_id,
            list_id=events.id,
            state="confirmed",
            source="test",
            created_at=app.now(),
            changed_at=app.now(),
        )
        session.add(second)
        session.flush()
        prove(session, second)
        frame = replace(a_frame(public_url=PUBLIC_URL), sender=Mailbox("Presse", "presse@example.org"))
        compiled = compile_issue(an_edition(), frame=frame, design=the_design())
        a_mailing_of(session, news, compiled, now=app.now())
    inbox = MemoryTransport()
    worker = a_worker(app.database, inbox, clock=Clock(app.now() + dt.timedelta(minutes=1)))
    with ThreadPoolExecutor(1) as aside:  # Playwright has a loop in this thread, and a worker needs its own
        aside.submit(worker.run_until_idle).result()
    ((recipient, octets),) = inbox.sent
    assert recipient == ADDRESS
    return Issue(octets)


def prove(session: Session, subscription: Subscription) -> None:
    """Give a subscription the record it rests on."""
    subscriptions.record(
        session,
        subscription,
        ConsentKind.CONFIRMED,
        source="test",
        evidence={},
        secret=SECRET,
        by=BY,
        now=subscription.changed_at,
    )


def a_mailing_of(session: Session, news: MailingList, compiled: CompiledIssue, *, now: dt.datetime) -> None:
    """An issue on its way to a list that has its publication already."""
    publication = session.scalars(select(Publication)).one()
    issue = Edition(publication_id=publication.id, state=IssueState.SCHEDULED.value, revision=1, created_at=now)
    session.add(issue)
    session.flush()
    digest = compilations.store(session, compiled, now=now)
    mailings.send_issue(
        session, issue_id=issue.id, compiled_digest=digest, list_id=news.id, name="Aktuell", due_at=now, by=BY, now=now
    )


def test_a_crawler_that_runs_scripts_and_follows_every_link_changes_nothing(
    site: Running, issue: Issue, browser: Browser
) -> None:
    waiting = issue.links(site)
    assert any("/leave/" in link for link in waiting)
    httpx.post(waiting_for_leave(waiting), data={"List-Unsubscribe": "One-Click"}, timeout=30)
    waiting += [f"{site.url}/{name}/{token}" for name, token in tokens_in(site)]
    before = [line for line in dump(site.app) if not line.startswith(UNTOLD)]
    page = browser.new_page()
    seen: set[str] = set()

    while waiting and len(seen) < MOST_PAGES:
        link = waiting.pop().partition("#")[0]
        if link in seen or not link.startswith(site.url):
            continue
        seen.add(link)
        httpx.head(link, timeout=30)
        page.goto(link)
        waiting += page.evaluate(LOOK)["links"]
    page.close()

    assert len(seen) >= 10
    assert [line for line in dump(site.app) if not line.startswith(UNTOLD)] == before


def test_a_stranger_learns_nothing_and_does_nothing_that_the_owner_cannot_take_back(
    site: Running, issue: Issue, browser: Browser
) -> None:
    before = the_person(site)
    page = browser.new_page()
    waiting: list[str] = issue.links(site)
    pressed: set[str] = set()
    seen: set[str] = set()
    texts: list[str] = []

    while waiting and len(seen) < MOST_PAGES:
        link = waiting.pop(0).partition("#")[0]
        if link in seen or not link.startswith(site.url):
            continue
        seen.add(link)
        page.goto(link)
        texts.append(page.content())
        found = page.evaluate(LOOK)
        waiting += found["links"]
        for press in found["presses"]:
            if str(press) not in pressed and press["url"].startswith(site.url):
                pressed.add(str(press))
                answer = httpx.post(press["url"], data=press["fields"], timeout=30)
                texts.append(f"{answer.headers} {answer.text}")
                waiting.append(press["url"])
    page.close()

    assert any("everything" in press for press in pressed)
    assert [name for name in PERSONAL if any(name in text for text in texts)] == []
    assert the_person(site) == before
    assert states(site) == ["left", "left"]
    strangers = [mail for mail in all_mails(site) if mail.address != ADDRESS]
    assert not any(name in str(mail.fields) for mail in strangers for name in PERSONAL)

    for name, token in tokens_in(site):
        if name == "undo":
            assert httpx.post(f"{site.url}/undo/{token}", data={"undo": "yes"}, timeout=30).status_code == 200
    assert states(site) == ["confirmed", "confirmed"]
    with site.app.reading() as session:
        assert not suppression.is_suppressed(session, EmailAddress.parse(ADDRESS), secret=SECRET)
        assert consent.verify(session, secret=SECRET).breaks == ()


def waiting_for_leave(links: list[str]) -> str:
    """The link that ends the subscription."""
    return next(link for link in links if "/leave/" in link)


def tokens_in(site: Running) -> list[tuple[str, str]]:
    """The links that were mailed to the owner, as (page, token)."""
    return [
        (name.removesuffix("_token"), token)
        for mail in mails_to(site.app, ADDRESS)
        for name, token in mail.fields.items()
        if name.endswith("_token")
    ]


def all_mails(site: Running) -> list[Delivery]:
    """Everything that is on its way to anybody."""
    with site.app.reading() as session:
        return list(session.scalars(select(Delivery)))


def the_person(site: Running) -> dict[str, object]:
    """What is known of the owner, but for the language that pages are shown in."""
    with site.app.reading() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.address_key == ADDRESS)).one()
        return {name: getattr(person, name) for name in (*OWNER, "address", "address_key", "erased_at")}


def states(site: Running) -> list[str]:
    """How the owner stands to the lists."""
    with site.app.reading() as session:
        owned = select(Subscription.state).join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        return list(session.scalars(owned.where(Subscriber.address_key == ADDRESS).order_by(Subscription.id)))
