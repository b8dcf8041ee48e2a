"""Whatever is opened, by people, scanners or search engines: opening changes nothing."""

import datetime as dt
import re
from urllib.parse import urljoin

from newsletter.app import App
from subscribers import tokens
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.web import PUBLIC_URL, Client, a_reader, dump

pytestmark = on_sqlite


def entrances(app: App) -> list[str]:
    """Every kind of address we hand out, for people in every state."""
    pending = a_reader(app, "pending@posteo.de")
    confirmed = a_reader(app, "confirmed@posteo.de", confirmed=True)
    old = app.now() - dt.timedelta(days=30)
    expired = tokens.confirmation(SECRET, pending.subscription_id, address_key="pending@posteo.de", now=old)
    return [
        "/lists/region",
        "/lists/region/embed",
        f"/confirm/{pending.confirm_token}",
        f"/confirm/{confirmed.confirm_token}",
        f"/confirm/{expired}",
        "/confirm/nonsense",
        f"/leave/{pending.leave_token}",
        f"/leave/{confirmed.leave_token}",
        f"/leave/{tokens.leave_test(SECRET)}",
        f"/leave/{tokens.leave(SECRET, 999)}",
        "/leave",
        f"/view/{tokens.view(SECRET, 1)}",
        "/media/nothing.png",
        "/healthz",
        "/nowhere",
    ]


def test_opening_every_link_of_every_page_changes_nothing(app: App, client: Client) -> None:
    waiting = [urljoin(PUBLIC_URL, path) for path in entrances(app)]
    before = dump(app)
    seen: set[str] = set()

    while waiting:
        address = waiting.pop()
        if address in seen or not address.startswith(PUBLIC_URL):
            continue
        seen.add(address)
        page = client.get(address)
        assert client.head(address).status_code == page.status_code
        links = re.findall(r'(?:href|src|action)="([^"]+)"', page.text)
        waiting += [urljoin(address, link.replace("&amp;", "&")) for link in links]

    assert len(seen) > 25
    assert dump(app) == before


def test_no_page_has_a_link_of_ours_that_leads_nowhere(app: App, client: Client) -> None:
    outside = {f"{PUBLIC_URL}/{name}" for name in ("imprint", "privacy", "accessibility")}

    for path in entrances(app):
        page = client.get(path)
        for link in re.findall(r'(?:href|src|action)="([^"]+)"', page.text):
            target = urljoin(urljoin(PUBLIC_URL, path), link)
            if target not in outside and not link.startswith(("?lang=", "#")):
                assert client.get(target).status_code == 200, (path, link)
