"""The HTML of a mail as a part of a page: its styles, what the body says of itself, and its content.

    mail = mail_of(neutral.html(compiled, …), public_url="https://news.example.org")
    f"<style>{mail.styles}</style> … <main {mail.style}>{mail.content}</main>"

A mail stands in the page itself, not in a frame: so it prints whole, grows with the text, is read and found by
search engines as one page, and there is one thing to scroll. It is safe there because the page's policy lets nothing
run, nothing be sent and nothing load but our own pictures (`POLICY`); what could try is dropped here all the same.
"""

import re
from dataclasses import dataclass

from lxml import html
from lxml.html import HtmlComment, HtmlElement
from markupsafe import escape

# A mail has its styles inside. It runs nothing; its pictures are ours; the page's own form searches the archive.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_DROPPED = frozenset(
    ("script", "noscript", "template", "iframe", "frame", "object", "embed", "applet", "base", "link", "meta", "title")
)
_FORMS = frozenset(("form", "input", "button", "select", "textarea"))
_OUR_PICTURE = re.compile(r"https?://[^\s\"'()<>]+/media/([0-9a-f]{32}\.(?:jpg|png))")
_RUNS = re.compile(r"\s*(?:javascript|vbscript)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MailBody:
    """The parts of a mail. `style` is the body's own, `has_heading` tells whether it has a first heading."""

    styles: str
    style: str
    css_class: str
    direction: str
    content: str
    has_heading: bool


def mail_of(mail: str, *, public_url: str) -> MailBody:
    """Take a mail apart; its pictures lead to where we are now, also if we were elsewhere when it went out."""
    document = html.document_fromstring(_OUR_PICTURE.sub(rf"{public_url}/media/\1", mail))
    _clean(document)
    styles = "\n".join(_style_of(element) for element in list(document.iter("style")))
    for element in list(document.iter("style")):
        element.drop_tree()
    body = document.find("body")
    if body is None:
        return MailBody(styles, "", "", "", "", has_heading=False)
    children = (html.tostring(child, encoding="unicode") for child in body)
    return MailBody(
        styles=styles,
        style=body.get("style", ""),
        css_class=body.get("class", ""),
        direction=body.get("dir") or document.get("dir") or "",
        content="".join((escape(body.text or ""), *children)),
        has_heading=body.find(".//h1") is not None,
    )


def _clean(document: HtmlElement) -> None:
    """Drop whatever a design could have that has no business on a page; conditions for Outlook, too."""
    for element in list(document.iter()):
        if isinstance(element, HtmlComment) or element.tag in _DROPPED:
            _drop(element)
        elif element.tag in _FORMS:
            element.drop_tag()
        elif isinstance(element.tag, str):
            _clean_attributes(element)


def _drop(element: HtmlElement) -> None:
    """Take an element out and leave what follows it."""
    if element.getparent() is not None:
        element.drop_tree()


def _clean_attributes(element: HtmlElement) -> None:
    for name, value in list(element.attrib.items()):
        if name.lower().startswith("on") or _RUNS.match(value):
            del element.attrib[name]


def _style_of(element: HtmlElement) -> str:
    """A style sheet, for its media; nothing in it can end the element it is put into."""
    text = (element.text or "").replace("</", r"<\/")
    media = element.get("media", "")
    return f"@media {media} {{{text}}}" if re.fullmatch(r"[\w\s(),:.-]+", media) and media != "all" else text
