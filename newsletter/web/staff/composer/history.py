"""The history of an issue: who changed what when, with the words before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.content.blocks import Block, Button, Divider, LeadStory, Picture, Story, Text
from newsletter.content.differences import Difference
from newsletter.content.richtext import words_of
from newsletter.content.translating import LANGUAGE
from newsletter.i18n import spoken, translations
from newsletter.issues import history, revisions
from newsletter.issues.history import Change
from newsletter.issues.models import Publication
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.web.staff.answers import page
from newsletter.web.staff.composer.desk import title_of, topic_names
from newsletter.web.staff.composer.shapes import focus_names, shape_names
from newsletter.web.staff.guards import Allowed, Staff, of_issue
from newsletter.web.staff.start import names_of

SHOWN = 50  # changes: what somebody looks through

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """One difference in words; `before` and `after` are empty where there is nothing to show."""

    what: str
    before: str
    after: str


@router.api_route("/staff/issues/{issue_id}/history", methods=["GET", "HEAD"])
def show(
    issue_id: int, staff: Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_issue("issue_id")))]
) -> Response:
    """Show the newest changes."""
    with staff.visit.app.reading() as session:
        issue = revisions.issue(session, issue_id)
        changes = history.history(session, issue, limit=SHOWN)
        names = names_of(session)
        content = revisions.content_of(session, issue)
        publication = session.get_one(Publication, issue.publication_id)
        topics = topic_names(session, publication, language=staff.user.language)
    titles = {block.id: title_of(block) for block in content.blocks}
    told = [(change, _lines(change, titles, topics, staff.user.language)) for change in changes]
    return page(staff, "history.html", issue_id=issue_id, subject=content.subject, changes=told, names=names)


def _lines(change: Change, titles: Mapping[str, str], topics: Mapping[str, str], language: str) -> list[Line]:
    return [_line(each, titles, topics, language) for each in change.differences]


def _line(difference: Difference, titles: Mapping[str, str], topics: Mapping[str, str], language: str) -> Line:
    _ = translations(language).gettext
    what = _field_name(difference.field, language)
    if difference.field in {"added", "removed", "kind"}:
        block = difference.after or difference.before
        return Line(f"{what}: {_called(block, language)}", "", "")
    if difference.block:
        what = f"{what} ({titles.get(difference.block) or _('Block')})"
    if difference.field == "topics":
        return Line(what, _called_so(difference.before, topics), _called_so(difference.after, topics))
    return Line(what, _words(difference, difference.before, language), _words(difference, difference.after, language))


def _field_name(field: str, language: str) -> str:
    """What a field is called; of the second language with that behind it."""
    _ = translations(language).gettext
    second, _colon, name = field.rpartition(":")
    label = field_names(language).get(name, name)
    return _("%(label)s (%(language)s)") % {"label": label, "language": spoken(second, language)} if second else label


def _called(block: object, language: str) -> str:
    _ = translations(language).gettext
    kinds = {LeadStory: _("Lead story"), Story: _("Story"), Text: _("Text"), Button: _("Button"), Divider: _("Divider")}
    assert isinstance(block, Block)  # noqa: S101  # of these differences the values are blocks
    return title_of(block) or kinds[type(block)]


def _called_so(slugs: object, topics: Mapping[str, str]) -> str:
    """Topics by their names; one that is gone has its short name alone."""
    return ", ".join(topics.get(slug, slug) for slug in slugs) if isinstance(slugs, tuple) else ""


def _words(difference: Difference, value: object, language: str) -> str:
    if isinstance(value, Picture):
        return " · ".join(part for part in (value.alt, value.caption, value.credit, _crop(value, language)) if part)
    if not isinstance(value, str):
        return ""
    if difference.field == LANGUAGE:
        return spoken(value, language)
    return words_of(value) if difference.field.rpartition(":")[2] == "text" else value


def _crop(picture: Picture, language: str) -> str:
    """Shape and place; empty where the picture is whole."""
    if not picture.shape:
        return ""
    names = shape_names(language).get(picture.shape, ""), focus_names(language).get(picture.focus, "")
    return ", ".join(name for name in names if name)


def field_names(language: str) -> dict[str, str]:
    """What the fields of an issue and its blocks are called."""
    _ = translations(language).gettext
    return {
        "subject": _("Subject"),
        "preheader": _("Preheader"),
        "order": _("New order"),
        "added": _("Added"),
        "removed": _("Removed"),
        "kind": _("Other layout"),
        "title": _("Headline"),
        "text": _("Text"),
        "link": _("Link"),
        "link_text": _("Link text"),
        "date": _("Date line"),
        "label": _("Words on the button"),
        "picture": _("Picture"),
        "origin": _("Version of the source"),
        "topics": _("Topics"),
        "alt": _("Alternative text"),
        "caption": _("Caption"),
        LANGUAGE: _("Second language"),
    }
