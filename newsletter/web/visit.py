"""One request to a public page: the installation, the language, and the page that answers.

A handler takes `visit: Annotated[Visit, Depends(visit_of)]` and answers with
`visit.page("sign_up.html", language=visit.language("de"), …)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter.app import App
from newsletter.i18n import LANGUAGES, best_language
from newsletter.texts import reading
from newsletter.texts.passages import Place
from newsletter.texts.prose import Prose
from newsletter.web.branding import Brand, brand_of
from newsletter.web.pages import Pages

# Where neither the visitor nor a list says anything: the language of the source texts.
DEFAULT_LANGUAGE = "en"
# What a page with a token in its address is not: to be found by a search engine.
PRIVATE = {"X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, and what every handler needs to answer it."""

    app: App
    pages: Pages
    request: Request

    @property
    def asked_language(self) -> str | None:
        """The language of a link such as `?lang=en`, if it is one of ours."""
        asked = self.request.query_params.get("lang", "")
        return asked if asked in LANGUAGES else None

    def language(self, default: str = DEFAULT_LANGUAGE) -> str:
        """The language asked for, else the first of the browser's that we speak, else the default."""
        accepted = self.request.headers.get("accept-language", "")
        spoken = best_language(accepted, default=default)
        return self.asked_language or (spoken if spoken in LANGUAGES else DEFAULT_LANGUAGE)

    def language_of_mail(self, language: str) -> str:
        """The language asked for, else the one of the mail that brought the reader here, where known."""
        return self.asked_language or (language if language in LANGUAGES else self.language())

    def texts(self, place: Place, slug: str, *, language: str, **values: str) -> dict[str, Prose]:
        """What a list says on a page, by part: `{{ texts.heading }}`; the product's own words where it says nothing."""
        with self.app.reading() as session:
            return reading.of_slug(session, slug, language=language).said(place, values)

    def page(
        self,
        template: str,
        /,
        *,
        language: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> HTMLResponse:
        """Answer with a page; one that was asked for by GET can be had in the other language too.

        At its top stands the publication of the list that its address names (`{slug}`), or the only one there is.
        """
        others = [other for other in LANGUAGES if other != language]
        offered = others if self.request.method in {"GET", "HEAD"} else []
        facts = {"brand": self._brand(), "other_languages": {other: self._in(other) for other in offered}, **facts}
        content = self.pages.render(template, language=language, **facts)
        return HTMLResponse(content, status, {"Content-Language": language, **(headers or {})})

    def _in(self, language: str) -> str:
        """The query of this page in another language."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        return f"?{urlencode([('lang', language), *kept])}"

    def _brand(self) -> Brand | None:
        """Whose page this is; an error page is also made while the database does not answer."""
        slug = self.request.path_params.get("slug")
        try:
            with self.app.reading() as session:
                return brand_of(session, slug if slug is None or slug.isprintable() else "")
        except SQLAlchemyError:
            return None


def visit_of(request: Request) -> Visit:
    """The visit of a request; the application keeps the installation and the pages."""
    return Visit(request.app.state.installation, request.app.state.pages, request)
