"""Content and a design become a compiled issue, once for all recipients.

    compiled = compile_issue(content, frame=frame, design=load(folder))

Templates are filled, read strictly, written safely for mrml, compiled, styled and checked; the
text part is a second template over the same words. The same input gives the same bytes.
"""

import dataclasses
import json
import re
from types import SimpleNamespace

from mjml import mjml2html

from newsletter.content import characters
from newsletter.content.blocks import IssueContent
from newsletter.content.stored import to_stored
from newsletter.rendering import palette, templates
from newsletter.rendering.compiled import ISSUE_LINKS, CompiledIssue
from newsletter.rendering.design import HTML, TEXT, THEME, Design
from newsletter.rendering.errors import TemplateInvalid
from newsletter.rendering.frame import Frame
from newsletter.rendering.inlining import inline
from newsletter.rendering.markup import to_mjml
from newsletter.rendering.postcheck import DOCTYPE, check_compiled, check_finished
from newsletter.rendering.scanning import scan
from newsletter.rendering.slots import Slots
from newsletter.rendering.validating import validate
from newsletter.rendering.view import HtmlWords, TextWords, Words, view_of
from newsletter.rendering.wrapping import wrap

_LINKS = ("unsubscribe", "view", "measuring")  # of a reader of an issue
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


def compile_issue(
    content: IssueContent,
    *,
    frame: Frame,
    design: Design,
    measured: bool = False,
    marked: bool = False,
    second: bool = False,
) -> CompiledIssue:
    """Compile one variant of an issue; `measured` is that of the readers who agreed to be measured.

    With `marked` its HTML is for a preview, in which blocks can be found again (`view.MARK`), and never for sending.
    `second` is a mail in a second language: its link to view it in a browser asks for that language.

    Raises:
        TemplateInvalid: the design has a mistake; it names the file and, where known, the line.
        ColourInvalid: the brand's colour is none.
    """
    slots = Slots.apart_from(_all_words(content, frame, design))
    html = _html(content, frame, design, slots, measured=measured, marked=marked, second=second)
    values = _values(content, frame, TextWords(slots), slots, measured=measured, second=second)
    text = wrap(templates.fill(design, TEXT, language=frame.language, values=values))
    return CompiledIssue(
        language=frame.language,
        sender=frame.sender,
        reply_to=frame.reply_to,
        list_id=frame.list_id,
        list_name=frame.list_name,
        subject=slots.split(TextWords(slots).plain(content.subject)),
        html=slots.split(html),
        text=slots.split(text),
    )


def _html(
    content: IssueContent, frame: Frame, design: Design, slots: Slots, *, measured: bool, marked: bool, second: bool
) -> str:
    values = _values(content, frame, HtmlWords(slots), slots, measured=measured, marked=marked, second=second)
    tokens = scan(templates.fill(design, HTML, language=frame.language, values=values))
    validate(tokens)
    mjml = to_mjml(tokens)
    compiled = _mended(_compiled(mjml))
    check_compiled(compiled)
    theme = templates.fill(design, THEME, language=frame.language, values=values) if THEME in design.files else ""
    html = inline(compiled, theme)
    check_finished(html, compiled=compiled, tokens=slots.tokens_in(mjml), found=slots.tokens_in(html))
    return html


def _compiled(mjml: str) -> str:
    try:
        html: str = mjml2html(mjml, fonts={})  # the default calls Google's font server for each reader
    except ValueError as error:
        raise TemplateInvalid(HTML, None, f"the MJML compiler refuses it ({error}).") from error
    return html


def _mended(html: str) -> str:
    """Put right what mrml leaves: the document type, and what is no HTML in table cells."""
    html = re.sub("^<!doctype html>", DOCTYPE, html)
    return re.sub("<td [^>]*>", lambda match: _mended_cell(match[0]), html)


def _mended_cell(tag: str) -> str:
    """Take out an attribute that does not exist, and round halves of pixels."""
    tag = tag.replace(' vertical-align="middle"', "")
    return re.sub(r"width:([0-9]+\.[0-9]+)px", lambda match: f"width:{round(float(match[1]))}px", tag)


def _values(
    content: IssueContent,
    frame: Frame,
    words: Words,
    slots: Slots,
    *,
    measured: bool,
    marked: bool = False,
    second: bool,
) -> dict[str, object]:
    """What a template can use; the names are the promise to those who write designs."""
    links = {name: slots.token(f"links.{name}") for name in ISSUE_LINKS}
    if second:
        links["view"] += f"?lang={frame.language}"
    return {
        "issue": view_of(content, words, public_url=frame.public_url, marked=marked),
        "publication": words.plain(frame.publication),
        "edition": words.plain(frame.edition),
        "imprint": [words.plain(line) for line in frame.imprint.splitlines() if not characters.is_blank(line)],
        "list_name": words.plain(frame.list_name),
        "sender": frame.sender,
        "brand": frame.brand,
        "palette": palette.palette_of(frame.brand.get("colour") or palette.DEFAULT),
        "language": frame.language,
        "direction": "rtl" if frame.language.split("-")[0] in _RIGHT_TO_LEFT else "ltr",
        "public_url": frame.public_url,
        "measured": measured,
        "links": SimpleNamespace(**links),
    }


def _all_words(content: IssueContent, frame: Frame, design: Design) -> str:
    """Everything that could be found beside a token, as typed and as the text part will show it."""
    words = json.dumps([to_stored(content), dataclasses.astuple(frame)], ensure_ascii=False, default=dict)
    return "".join((words, characters.plain(characters.tidy(words)), *design.files.values()))
