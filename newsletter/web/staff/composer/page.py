"""The composer's page, and the answer that its script gets instead: the same page, with what changed in it."""

from collections.abc import Iterable

from fastapi.responses import HTMLResponse, JSONResponse, Response

from newsletter.checks.finding import Finding
from newsletter.content import translating
from newsletter.content.blocks import IssueContent
from newsletter.i18n import LANGUAGES, other_language, spoken, translations
from newsletter.issues.permissions import APPROVE_ISSUES
from newsletter.web.staff.answers import HEADERS, POLICY, page
from newsletter.web.staff.composer import fields
from newsletter.web.staff.composer.acts import Act
from newsletter.web.staff.composer.desk import Desk, title_of
from newsletter.web.staff.composer.held import Held
from newsletter.web.staff.composer.shapes import focus_names, shape_names
from newsletter.web.staff.guards import Staff

# The preview is a page of ours in a frame. Pasted text may carry its weight in a style, which the editor reads.
_POLICY = f"{POLICY}; frame-src 'self'; style-src-attr 'unsafe-inline'"


def composer(
    staff: Staff, seen: Desk, *, held: Iterable[Held] = (), problem: str = "", opened: str = "", status: int = 200
) -> HTMLResponse:
    """The page. `opened` is the block whose fields are shown without being asked for."""
    by_block: dict[str, list[Held]] = {}
    for each in held:
        by_block.setdefault(each.block, []).append(each)
    answer = page(
        staff,
        "composer.html",
        status=status,
        desk=seen,
        fields=fields.of(seen.content),
        held=by_block,
        problem=problem,
        opened=opened,
        may_approve=_may_approve(staff, seen),
        finding_field=finding_field,
        personal_fields=personal_fields(staff.user.language),
        twin=lambda name: translating.form_name(name, seen.second),
        other_language=other_language(seen.language),
        languages={each: spoken(each, staff.user.language) for each in LANGUAGES},
        shapes=shape_names(staff.user.language),
        foci=focus_names(staff.user.language),
    )
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def live(shown: HTMLResponse, seen: Desk, *, merged: Iterable[str], said: str, done: bool = True) -> Response:
    """What the script gets: the page, the fields to take over from it, and the mail for the preview."""
    told = {
        "revision": seen.revision,
        "page": bytes(shown.body).decode(),
        "merged": list(merged),
        "said": said,
        "mail": seen.rendered.html,
        "text": seen.rendered.text,
        "done": done,
    }
    return JSONResponse(told, headers=HEADERS)


def finding_field(finding: Finding, seen: Desk) -> str:
    """The id of the field that a finding is about, else of its block; empty where it is about none."""
    code, block = finding.code, finding.block
    in_language = f"{finding.language}:" if finding.language else ""
    if block is None:
        name = next((name for name in fields.OF_ISSUE if code.startswith(name)), "")
        return name and f"{in_language}{name}"
    if code == "picture_uncut":
        return f"{block}.shape-whole"
    if code.startswith("alt_") and any(each.id == block and each.picture for each in seen.blocks):
        return f"{block}.{in_language}alt"
    return _second_field(finding, seen.content) or f"block-{block}"


def _second_field(finding: Finding, content: IssueContent) -> str:
    """Of what is wrong in the second language of a block, the first field that it can be about."""
    if not finding.language:
        return ""
    names = translating.missing(content) if finding.code == "words_missing" else translating.translatable(content)
    of_block = (name for name in names if translating.block_of(name) == finding.block)
    return next((translating.form_name(name, finding.language) for name in of_block), "")


def personal_fields(language: str) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """The merge fields: name, what it is called, and by language the usual fallback, where there is one."""
    _ = translations(language).gettext
    named = {
        "salutation": _("Greeting with title and name"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "name": _("First and last name"),
        "title": _("Title, such as Dr."),
        "organisation": _("Organisation"),
        "address": _("E-mail address"),
    }
    hello = {each: translations(each).gettext("Hello") for each in LANGUAGES}
    return tuple((name, called, hello if name == "salutation" else {}) for name, called in named.items())


def said_of(act: Act, before: IssueContent, content: IssueContent, *, language: str) -> str:
    """What a screen reader tells of an act, such as where a block is now."""
    _ = translations(language).gettext
    titles = {block.id: title_of(block) or _("Block") for block in (*before.blocks, *content.blocks)}
    places = {block.id: place for place, block in enumerate(content.blocks, start=1)}
    facts = {"title": titles.get(act.about, ""), "place": places.get(act.about, 0), "all": len(places)}
    if act.word in {"up", "down", "to"} and act.about in places:
        return _("“%(title)s” is now in place %(place)s of %(all)s.") % facts
    if act.word == "remove" and act.about in titles and act.about not in places:
        return _("“%(title)s” was removed. Undo brings it back.") % facts
    if act.word in {"also-in", "only-first"}:
        return _said_of_languages(before, content, language=language)
    stepped = {"undo": _("Undone."), "redo": _("Done again.")}
    if act.word in stepped:
        return stepped[act.word]
    added = [titles[block.id] for block in content.blocks if block.id not in {each.id for each in before.blocks}]
    if added:
        facts = {"title": added[-1], "place": len(places), "all": len(places)}
        return _("“%(title)s” is now in place %(place)s of %(all)s.") % facts
    return ""


def _said_of_languages(before: IssueContent, content: IssueContent, *, language: str) -> str:
    _ = translations(language).gettext
    if content.translation:
        called = spoken(content.translation.language, language)
        return _("Beside each text stands a second field now, for %(language)s.") % {"language": called}
    called = spoken(before.translation.language, language) if before.translation else ""
    return _("%(language)s was taken away. Undo brings its words back.") % {"language": called} if called else ""


def _may_approve(staff: Staff, seen: Desk) -> bool:
    """Tell whether the button would do anything: with four eyes it is the second person's."""
    if not staff.by.may(APPROVE_ISSUES):
        return False
    if not seen.four_eyes:
        return seen.state in {"draft", "in review"}
    return seen.state == "in review" and seen.submitted_by != staff.by.name
