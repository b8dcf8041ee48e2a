"""Did the libraries do what they should? Checks of our own output, before anybody gets it.

A failure here means a design met a trap nobody knew: better no mail than a torn one.
"""

import re

from newsletter.rendering.design import HTML
from newsletter.rendering.errors import TemplateInvalid

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)
_TAG_WITH_BACKSLASH = re.compile(r"<[a-zA-Z][^<>]*\\[^<>]*>")
_PICTURE = re.compile(r"<img\b[^>]*>")
DOCTYPE = "<!DOCTYPE html>"


def check_compiled(html: str) -> None:
    """Look for what mrml's debug printing leaves: a backslash in an attribute (a real one is an entity by then).

    Raises:
        TemplateInvalid: there is one.
    """
    if match := _TAG_WITH_BACKSLASH.search(html):
        _fail(f"the compiler damaged an attribute: {match[0][:60]!r}.")


def check_finished(html: str, *, compiled: str, tokens: frozenset[str], found: frozenset[str]) -> None:
    """Compare the finished HTML with what went in.

    `tokens` are the slots put in, `found` those in the finished HTML; `compiled` is the HTML
    before styles were inlined.

    Raises:
        TemplateInvalid: something was lost or damaged on the way.
    """
    if not html.startswith(DOCTYPE):
        _fail("the document type was lost.")
    if tokens != found:
        _fail("a place for the reader's own words was lost or doubled.")
    if len(re.findall("<!--\\[if", html)) != len(re.findall("<!\\[endif\\]-->", html)):
        _fail("Outlook's conditional comments are not balanced.")
    if any(not re.search(r"\balt=", picture) for picture in _PICTURE.findall(html)):
        _fail("a picture has no alt.")
    lost = set(_STYLE.findall(compiled)) - set(_STYLE.findall(html))
    if lost:
        _fail(f"a style sheet was changed: {min(lost)[:60]!r}.")


def _fail(reason: str) -> None:
    raise TemplateInvalid(HTML, None, reason)
