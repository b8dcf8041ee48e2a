"""A reader's settings in a browser: without scripts, with the keyboard, for everybody."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from subscribers import tokens, topics
from subscribers.models import Errand, MailingList, Subscriber, Subscription
from tests.e2e.conftest import Running
from tests.e2e.test_public_pages import assert_accessible
from tests.support.makers import BY, SECRET, a_list, a_publication
from tests.support.web import Reader, a_reader, mails_to

pytestmark = pytest.mark.slow

ANNA, NEW = "anna@posteo.de", "anna.neu@posteo.de"


@pytest.fixture
def anna(site: Running) -> Reader:
    """Somebody on a list with topics, who has left another one."""
    reader = a_reader(site.app, ANNA, confirmed=True)
    with site.app.writing() as session:
        region = session.scalars(select(MailingList)).one()
        region.asks_measuring = True
        for slug, de, en in (("culture", "Kultur und Feste", "Culture"), ("traffic", "Verkehr", "Traffic")):
            topics.add(session, region, slug, names={"de": de, "en": en}, by=BY, now=site.app.now())
        sport = a_list(session, "sport")
        sport.name = "Sport am Wochenende"
        a_publication(session, sport, "sport")
        session.add(
            Subscription(
                subscriber_id=session.scalars(select(Subscriber.id)).one(),
                list_id=sport.id,
                state="left",
                source="test",
                created_at=site.app.now(),
                changed_at=site.app.now(),
            )
        )
    return reader


def settings_of(site: Running, reader: Reader) -> str:
    return f"{site.url}/preferences/{tokens.preferences(SECRET, reader.subscription_id)}"


def last_link(site: Running, address: str) -> str:
    """The page that the last mail to an address is about."""
    mails = [mail for mail in mails_to(site.app, address) if "errand_path" in mail.fields]
    return f"{site.url}/my-data/{mails[-1].fields['errand_path']}"


def test_a_reader_chooses_topics_and_a_pause_without_scripts(
    site: Running, desktop: BrowserContext, anna: Reader
) -> None:
    page = desktop.new_page()
    page.goto(settings_of(site, anna))
    page.get_by_label("Verkehr").uncheck()
    page.get_by_label("zwei Wochen").check()
    page.get_by_label("Nein, bitte nicht").check()
    page.get_by_role("button", name="Einstellungen speichern").click()

    expect(page.locator("h1")).to_have_text("Gespeichert")
    expect(page.locator("main")).to_contain_text("erhalten Sie: Kultur und Feste.")
    expect(page.locator("main")).to_contain_text("„Region aktuell“ pausiert bis zum")
    page.reload()
    expect(page.locator("main")).to_contain_text("Es bleibt alles, wie es war.")
    page.get_by_role("link", name="Zurück zu Ihren Einstellungen").click()
    expect(page.get_by_label("Verkehr")).not_to_be_checked()
    expect(page.get_by_label("beibehalten")).to_be_checked()
    expect(page.get_by_label("Nein, bitte nicht")).to_be_checked()
    page.get_by_label("Pause jetzt beenden").check()
    page.get_by_role("button", name="Einstellungen speichern").click()
    expect(page.locator("main")).to_contain_text("Die Pause ist beendet")


def test_a_day_of_ones_own_is_refused_at_its_field_and_then_taken(
    site: Running, desktop: BrowserContext, anna: Reader
) -> None:
    page = desktop.new_page()
    page.goto(settings_of(site, anna))
    day = page.get_by_label("Pause bis", exact=True)
    page.get_by_label("bis zu einem anderen Tag").check()
    page.get_by_role("button", name="Einstellungen speichern").click()
    expect(page.get_by_role("alert")).to_contain_text("Es ist noch nichts gespeichert")
    expect(day).to_be_focused()

    day.fill((site.app.now().date() + dt.timedelta(days=100)).isoformat())
    page.get_by_role("button", name="Einstellungen speichern").click()

    expect(page.locator("h1")).to_have_text("Gespeichert")


def test_a_reader_comes_back_to_a_list_only_by_mail(site: Running, desktop: BrowserContext, anna: Reader) -> None:
    page = desktop.new_page()
    page.goto(settings_of(site, anna))
    page.get_by_role("group", name="Sport am Wochenende").get_by_label("Ich erhalte diesen Newsletter").check()
    page.get_by_role("button", name="Einstellungen speichern").click()
    expect(page.locator("main")).to_contain_text("Wir senden Ihnen eine E-Mail mit einem Link")

    (mail,) = [mail for mail in mails_to(site.app, ANNA) if "confirm_token" in mail.fields]
    page.goto(f"{site.url}/confirm/{mail.fields['confirm_token']}")
    page.get_by_role("button", name="Anmeldung bestätigen").click()

    expect(page.locator("h1")).to_have_text("Sie sind angemeldet")


def test_a_reader_moves_and_says_goodbye(site: Running, desktop: BrowserContext, anna: Reader) -> None:
    page = desktop.new_page()
    page.goto(settings_of(site, anna))
    page.get_by_role("button", name="Andere Adresse verwenden").click()
    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")
    page.goto(last_link(site, ANNA))
    page.get_by_label("Neue E-Mail-Adresse").fill(NEW)
    page.get_by_role("button", name="Weiter zur Bestätigung").click()
    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr neues Postfach")
    page.goto(last_link(site, NEW))
    page.get_by_role("button", name="Neue Adresse bestätigen").click()
    expect(page.locator("h1")).to_have_text("Ihre Adresse ist geändert")
    assert mails_to(site.app, ANNA)[-1].fields == {}

    page.goto(settings_of(site, anna))
    page.get_by_role("button", name="Meine Daten ansehen").click()
    page.goto(last_link(site, NEW))
    page.get_by_role("button", name="Hier lesen").click()
    expect(page.locator("main")).to_contain_text(NEW)
    page.go_back()
    with page.expect_download() as download:
        page.get_by_role("button", name="Als Datei speichern").click()
    assert download.value.suggested_filename == "my-data.json"

    page.goto(settings_of(site, anna))
    page.get_by_role("button", name="Meine Daten löschen").click()
    page.goto(last_link(site, NEW))
    page.get_by_role("button", name="Meine Daten endgültig löschen").click()
    expect(page.locator("h1")).to_have_text("Ihre Daten sind gelöscht")


def walk(site: Running, page: Page, anna: Reader) -> list[tuple[str, str]]:
    """Every page of settings and own data, as (name, address); what needs a button is pressed before."""
    app, settings = site.app, settings_of(site, anna)
    for errand in ("download", "erase", "change-address"):
        page.goto(settings)
        page.locator(f"button[value={errand}]").click()
    links = {
        mail.fields["errand_path"].partition("/")[0]: f"{site.url}/my-data/{mail.fields['errand_path']}"
        for mail in mails_to(app, ANNA)
        if "errand_path" in mail.fields
    }
    page.goto(links["change-address"])
    page.fill("#email", NEW)
    page.locator("button").click()
    old = app.now() - dt.timedelta(hours=2)
    tired = tokens.errand(SECRET, Errand.DOWNLOAD, anna.subscription_id, number=1, address_key=ANNA, now=old)
    return [
        ("settings", settings),
        *links.items(),
        ("new-address", last_link(site, NEW)),
        ("expired", f"{site.url}/my-data/download/{tired}"),
        ("errand-invalid", f"{site.url}/my-data/download/nonsense"),
        ("invalid", f"{site.url}/preferences/nonsense"),
        ("test", f"{site.url}/preferences/{tokens.preferences_test(SECRET)}"),
        ("gone", f"{site.url}/preferences/{tokens.preferences(SECRET, 999)}"),
        ("how", f"{site.url}/preferences"),
    ]


@pytest.mark.parametrize(
    ("scheme", "language", "width"),
    [("light", "de-DE", 1280), ("dark", "en-GB", 375)],
)
def test_axe_finds_nothing_on_any_of_these_pages(  # noqa: PLR0917  # a table and its fixtures
    site: Running, browser: Browser, anna: Reader, scheme: str, language: str, width: int
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        locale=language,
        viewport={"width": width, "height": 800},
    )
    page = context.new_page()
    shown = f"?lang={language[:2]}"
    for name, address in walk(site, page, anna):
        page.goto(address + shown)
        assert_accessible(page, name)
    page.goto(settings_of(site, anna) + shown)
    page.locator("input[value=own]").check()
    for box in page.locator("[name^=topic-]").all():
        box.uncheck()
    page.locator("main form button.primary").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page, "problems")
    page.goto(settings_of(site, anna) + shown)
    page.locator("input[value=yes][type=radio]").check()
    page.locator("main form button.primary").click()
    assert_accessible(page, "saved")
    page.goto(last_link(site, NEW) + shown)
    page.locator("button").click()
    assert_accessible(page, "changed")
    assert address_of_first(site) == NEW
    context.close()


def address_of_first(site: Running) -> str:
    with site.app.reading() as session:
        return session.scalars(select(Subscriber.address).order_by(Subscriber.id)).first() or ""
