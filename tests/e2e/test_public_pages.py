"""The public pages in a browser: accessible, without scripts, cookies or requests to anybody else."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from newsletter.delivery import samples
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from newsletter.mails import confirmation
from newsletter.readers import leaving, undoing
from newsletter.readers.signing_up import publication_of
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from newsletter.texts import catalogue, writing
from newsletter.web import limits
from subscribers import lists, measuring, tokens
from subscribers.models import MailingList, Subscription
from tests.e2e.conftest import Running
from tests.support.makers import BY, SECRET, a_list
from tests.support.web import Reader, a_reader, hidden_fields, mails_to, state_of

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ANNA = "anna@posteo.de"


def addresses(site: Running) -> dict[str, str]:
    """Every page that is opened by a link, by what it shows."""
    app = site.app
    pending = a_reader(app, "pending@posteo.de")
    confirmed = a_reader(app, "confirmed@posteo.de", confirmed=True)
    measured = a_reader(app, "measured@posteo.de", confirmed=True)
    agreed = agree_to_measuring(site, measured)
    old = app.now() - dt.timedelta(days=30)
    old = app.now() - dt.timedelta(days=31)
    undone, left = (a_reader(app, f"{name}@posteo.de", confirmed=True) for name in ("undone", "left"))
    with app.writing() as session:
        a_list(session, "termine")  # so that there is more to leave
        for reader in (undone, left):
            leaving.leave(session, reader.leave_token, secret=SECRET, by=BY, now=app.now())
    undo = {name: mails_to(app, f"{name}@posteo.de")[0].fields["undo_token"] for name in ("undone", "left")}
    with app.writing() as session:
        undoing.undo(session, undo["undone"], secret=SECRET, by=BY, now=app.now())
    undo_old = tokens.undo(SECRET, left.subscription_id, address_key="left@posteo.de", left_at=old)
    expired = tokens.confirmation(SECRET, pending.subscription_id, address_key="pending@posteo.de", now=old)
    return {
        "sign-up": "/lists/region",
        "embed": "/lists/region/embed",
        "frame": "/lists/region/frame",
        "confirm": f"/confirm/{pending.confirm_token}",
        "confirmed": f"/confirm/{confirmed.confirm_token}",
        "expired": f"/confirm/{expired}",
        "confirm invalid": "/confirm/nonsense",
        "leave": f"/leave/{confirmed.leave_token}",
        "left": f"/leave/{left.leave_token}",
        "undo": f"/undo/{undo['left']}",
        "undone": f"/undo/{undo['undone']}",
        "undo expired": f"/undo/{undo_old}",
        "undo invalid": "/undo/nonsense",
        "leave test": f"/leave/{tokens.leave_test(SECRET)}",
        "gone": f"/leave/{tokens.leave(SECRET, 999)}",
        "leave invalid": "/leave/nonsense",
        "leave how": "/leave",
        "not measured": f"/measuring/{tokens.measuring(SECRET, confirmed.subscription_id)}",
        "measured": f"/measuring/{tokens.measuring(SECRET, measured.subscription_id)}",
        "confirm with measuring": f"/confirm/{agreed}",
        "measuring test": f"/measuring/{tokens.measuring_test(SECRET)}",
        "measuring how": "/measuring",
        "nothing": "/nowhere",
    }


def agree_to_measuring(site: Running, reader: Reader) -> str:
    """Have the list ask about measuring, one reader agree, and somebody sign up with it; the latter's token."""
    app = site.app
    with app.writing() as session:
        mailing_list = session.scalars(select(MailingList)).one()
        lists.ask_measuring(session, mailing_list, wanted=True, by=BY, now=app.now())
        measuring.agree(
            session,
            session.get_one(Subscription, reader.subscription_id),
            wording="Ja.",
            language="de",
            source="test",
            secret=SECRET,
            by=BY,
            now=app.now(),
        )
    hidden = hidden_fields(httpx.get(f"{site.url}/lists/region?lang=de").text)
    httpx.post(f"{site.url}/lists/region", data={**hidden, "email": "asked@posteo.de", "measuring": "yes"})
    token: str = mails_to(app, "asked@posteo.de")[0].fields["confirm_token"]
    return token


def assert_accessible(page: Page, name: str, rules: Sequence[str] = RULES) -> None:
    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(rules)}})
    assert [(name, violation["id"]) for violation in result.response["violations"]] == []
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"{name} is wider than the window"


@pytest.mark.parametrize(
    ("scheme", "language", "width"),
    [("light", "de-DE", 1280), ("dark", "en-GB", 375)],
)
def test_axe_finds_nothing_on_any_page(site: Running, browser: Browser, scheme: str, language: str, width: int) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        locale=language,
        viewport={"width": width, "height": 800},
    )
    page = context.new_page()
    paths = addresses(site)
    for name, path in paths.items():
        page.goto(site.url + path)
        assert_accessible(page, name)
    page.goto(f"{site.url}{paths['leave']}")
    page.click("button[value=everything]")
    expect(page.locator("h1")).to_have_text(re.compile("Sie sind abgemeldet|You have unsubscribed"))
    assert_accessible(page, "why")
    page.click("label:has([value=other])")
    page.click(".question button")
    expect(page.locator("[role=status]")).to_be_visible()
    assert_accessible(page, "thanks")
    page.goto(f"{site.url}/lists/region")
    page.fill("#email", "anna@")
    page.click("summary")
    page.fill("#first_name", "Anna")
    assert_accessible(page, "opened")
    page.click("button")
    expect(page.locator("#email-problem")).to_be_visible()
    assert_accessible(page, "address invalid")
    page.fill("#email", ANNA)
    page.click("button")
    expect(page.locator("h1")).to_have_text(re.compile("Bitte sehen Sie in Ihr Postfach|Please look into your inbox"))
    assert_accessible(page, "asked")
    with site.app.writing() as session:
        while limits.take(session, limits.PER_VISITOR, who="127.0.0.1/32", secret=SECRET, now=site.app.now()):
            pass
    page.goto(f"{site.url}/lists/region")
    page.fill("#email", "late@posteo.de")
    page.click("button")
    expect(page.locator("h1")).to_have_text(re.compile("Bitte warten Sie einen Moment|Please wait a moment"))
    assert_accessible(page, "too often")
    context.close()


def test_a_reader_signs_up_confirms_and_leaves_with_the_keyboard_alone(site: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{site.url}/lists/region")
    page.focus("#email")
    page.keyboard.type(ANNA)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")

    (mail,) = mails_to(site.app, ANNA)
    page.goto(f"{site.url}/confirm/{mail.fields['confirm_token']}")
    press_the_button(page)
    expect(page.locator("h1")).to_have_text("Sie sind angemeldet")
    assert state_of(site.app, ANNA) == "confirmed"

    assert mail.subscription_id is not None
    page.goto(f"{site.url}/leave/{tokens.leave(SECRET, mail.subscription_id)}")
    press_the_button(page)
    expect(page.locator("h1")).to_have_text("Sie sind abgemeldet")
    assert state_of(site.app, ANNA) == "left"


def press_the_button(page: Page) -> None:
    """Go to it with the tabulator key, past the links before it, and press it with the space bar."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.locator("button:focus").count():
            break
    with page.expect_navigation():
        page.keyboard.press("Space")


def test_the_cursor_stands_in_the_field_that_is_wrong(site: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{site.url}/lists/region")
    page.fill("#email", "anna@")
    page.click("button")

    expect(page.locator("#email-problem")).to_be_visible()
    expect(page.locator("#email")).to_be_focused()
    expect(page.locator("#email")).to_have_value("anna@")


def test_the_copied_form_works_on_another_site(site: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{site.url}/lists/region/embed")
    copied = page.locator("#code").input_value()
    foreign = "http://verein.localhost/"
    page.route(foreign, lambda route: route.fulfill(body=copied, content_type="text/html; charset=utf-8"))

    page.goto(foreign)
    page.fill("[name=email]", ANNA)
    page.click("button")

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")
    assert page.url == f"{site.url}/lists/region"
    assert state_of(site.app, ANNA) == "pending"


def test_no_page_sets_a_cookie_or_asks_anybody_else(site: Running, desktop: BrowserContext) -> None:
    asked: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url))
    page = desktop.new_page()

    for path in addresses(site).values():
        page.goto(site.url + path)

    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert desktop.cookies() == []


def test_a_mail_seen_in_the_browser_has_its_styles_and_pictures(site: Running, browser: Browser) -> None:
    app = site.app
    app.settings.media_folder.mkdir()
    (app.settings.media_folder / "dot.gif").write_bytes(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
        b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )
    html = (
        '<!doctype html><html lang="de"><title>x</title><style>p { color: rgb(1, 2, 3) }</style>',
        f'<p style="margin: 7px">Hallo</p><img alt="" src="{site.url}/media/dot.gif">',
        '<script>document.title = "ran"</script><a href="',
        Slot("links.unsubscribe"),
        '">Abmelden</a></html>',
    )
    sender = Mailbox("", "presse@example.org")
    compiled = CompiledIssue(language="de", sender=sender, subject=("x",), html=html, text=("x",))
    with app.writing() as session:
        digest = compilations.store(session, compiled, now=app.now())
        mailing = Mailing(
            kind="issue", name="x", compiled=digest, due_at=app.now(), created_at=app.now(), created_by="x"
        )
        session.add(mailing)
        session.flush()
        token = tokens.view(SECRET, mailing.id)
    page = browser.new_page()

    page.goto(f"{site.url}/view/{token}")

    style = page.evaluate(
        "(p => [getComputedStyle(p).color, getComputedStyle(p).margin])(document.querySelector('main p'))"
    )
    assert style == ["rgb(1, 2, 3)", "7px"]
    assert page.evaluate("document.querySelector('main img').naturalWidth") == 1
    assert page.title() == "x"
    page.click("text=Abmelden")
    page.wait_for_url(f"{site.url}/leave")
    page.close()


LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 2
OWN_TEXTS = {
    "page.confirm.heading": LONG_WORD[:150],
    "page.confirm.lead": "Bitte bestätigen Sie „{list}“.\nWirklich? <b>Ja</b> & {address}\n\n" + LONG_WORD,
    "page.confirm.button": LONG_WORD[:60],
    "page.confirmed.lead": "Willkommen.\n\nBis bald bei „{list}“.",
    "page.confirm_expired.button": "Neuen Link für „{list}“ holen",
    "mail.confirmation.subject": "Sind Sie das? {list}",
    "mail.confirmation.body": f"{{list}}\n{LONG_WORD}\n\n{{link}}\n\n{{days}} Tage.",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_words_a_list_has_pages_and_mail_stay_accessible_on_a_phone(
    site: Running, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    app = site.app
    with app.writing() as session:
        region = lists.named(session, "region")
        for name, text in OWN_TEXTS.items():
            passage = catalogue.passage_named(name)
            writing.write(session, region, passage=passage, language="de", text=text, by=BY, now=app.now())
        publication = publication_of(session, region)
        compiled = confirmation.compiled(session, publication, region, language="de")
    mail = samples.letter(compiled, link="confirm", public_url=site.url, now=app.now())
    file = tmp_path / "confirmation.html"
    file.write_text(mail.html, "utf-8")
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", locale="de-DE", viewport={"width": 375, "height": 800}
    )
    page = context.new_page()

    paths = addresses(site)
    for name in ("confirm", "confirmed", "expired"):
        page.goto(site.url + paths[name])
        assert_accessible(page, name)
    page.goto(file.as_uri())
    assert_accessible(page, "mail", [rule for rule in RULES if rule != "best-practice"])  # a mail has no landmarks
    expect(page.locator("h1")).to_have_text("Sind Sie das? Region aktuell")
    expect(page.locator("a.button")).to_have_attribute("href", re.compile(r"/confirm/1-"))
    context.close()
