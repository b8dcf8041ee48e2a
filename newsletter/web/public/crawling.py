"""What search engines are told: where they may go, and what there is."""

import datetime as dt
from typing import Annotated
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response

from newsletter.delivery.archive import reading
from newsletter.web.conditional import shared
from newsletter.web.visit import Visit, visit_of

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST = 49_000  # a site map may hold 50,000 addresses
_TOKEN = "{token}"  # noqa: S105  # the name of a path's part

router = APIRouter()


@router.api_route("/robots.txt", methods=["GET", "HEAD"])
def robots(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Keep crawlers off every address with a token in it. Source: RFC 9309."""
    paths = {route.path for route in visit.request.app.state.routes}
    private = sorted({path[: path.index("{")] for path in paths if _TOKEN in path})
    lines = ["User-agent: *", *(f"Disallow: {visit.pages.prefix}{path}" for path in private)]
    lines += ["", f"Sitemap: {visit.app.settings.public_url}/sitemap.xml", ""]
    return shared(visit.request, PlainTextResponse("\n".join(lines)))


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"])
def sitemap(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Name the start page, the public archives and their issues. Source: https://www.sitemaps.org/protocol.html."""
    url = visit.app.settings.public_url
    with visit.app.reading() as session:
        lists = [each.slug for each in reading.public_lists(session)]
        issues = reading.public_pages(session, most=_MOST - 2 * len(lists))
    addresses: list[tuple[str, dt.datetime | None]] = [
        (f"{url}/", None),
        *((f"{url}/{room}/{slug}", None) for slug in lists for room in ("archive", "lists")),
    ]
    addresses += [(f"{url}/archive/{list_slug}/{slug}", at) for list_slug, slug, at in issues]
    root = ET.Element("urlset", xmlns=_NAMESPACE)
    for address, changed_at in addresses:
        place = ET.SubElement(root, "url")
        ET.SubElement(place, "loc").text = address
        if changed_at is not None:
            ET.SubElement(place, "lastmod").text = changed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return shared(visit.request, Response(content, media_type="application/xml"))
