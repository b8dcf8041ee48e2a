"""Files: the pages' own style sheets and icon, the pictures of the issues, and whether we are well."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import FileResponse, PlainTextResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.web.branding import style_of
from newsletter.web.visit import Visit, visit_of

# Both kinds of address hold a hash of the content, so what was read once never changes.
FOR_EVER = "public, max-age=31536000, immutable"
# Raster pictures only: an SVG can hold scripts.
PICTURES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,120}(\.[a-z0-9]{2,5})")

router = APIRouter()


@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
def favicon(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """The icon for pages that name none, such as a mail in the browser."""
    icon = visit.pages.assets.files["icon.svg"]
    return Response(icon.content, media_type=icon.media_type, headers={"Cache-Control": "public, max-age=86400"})


@router.api_route("/static/{digest}/{name:path}", methods=["GET", "HEAD"])
def static(digest: str, name: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """A static file under the digest of its content."""
    asset = visit.pages.assets.find(digest, name)
    if asset is None:
        raise HTTPException(404)
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": FOR_EVER})


@router.api_route("/brand/{digits}.css", methods=["GET", "HEAD"])
def brand(digits: str) -> Response:
    """The style sheet of a publication's colour."""
    style = style_of(digits)
    if style is None:
        raise HTTPException(404)
    return Response(style, media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


@router.api_route("/media/{name}", methods=["GET", "HEAD"])
def media(name: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """A picture of an issue, which mail programs show from wherever they are."""
    found = _NAME.fullmatch(name)
    path = visit.app.settings.media_folder / name
    if found is None or found[1] not in PICTURES or not path.is_file():
        raise HTTPException(404)
    headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "cross-origin"}
    return FileResponse(path, media_type=PICTURES[found[1]], headers=headers)


@router.api_route("/healthz", methods=["GET", "HEAD"])
def healthz(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Say `ok` while the database answers, else 503."""
    try:
        with visit.app.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return PlainTextResponse("the database does not answer\n", 503)
    return PlainTextResponse("ok\n")
