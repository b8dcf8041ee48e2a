"""The settings page of a reader, behind the link in each issue: lists, topics, pause, language, being measured.

It needs neither login nor script. The token is all the authority there is, so there is nothing a request from another
site could borrow: who posts here from elsewhere holds the link, and could as well open it. A POST without the
button's field, as mail scanners send them, shows the page.
"""

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.i18n import LANGUAGES, translations
from newsletter.readers import own_data, preferring
from newsletter.readers.errors import ChangedTooOften
from newsletter.readers.own_data import Reader
from newsletter.readers.preferring import ListChoices, Preferences
from newsletter.readers.saved import Saved
from newsletter.texts.naming import day
from newsletter.web import limits, visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.public import choices_form
from newsletter.web.public.choices_form import Problem, ReadForm, Wordings
from newsletter.web.public.offering import digest_of, offer_of, wording_of_measuring
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers import pausing
from subscribers.actor import Actor
from subscribers.errors import TokenInvalid
from subscribers.models import Errand

NAMES = {"de": "Deutsch", "en": "English"}
BUTTON, ERRAND = "save", "errand"
# What can be asked for here; the other half of a change of address is mailed to the new one.
ERRANDS = {errand.value: errand for errand in Errand if errand is not Errand.NEW_ADDRESS}

router = APIRouter()


@router.api_route("/preferences", methods=["GET", "HEAD"])
def explain(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Say where one's own link is: here leads the link of an issue seen in the browser, which is nobody's."""
    return visit.page("preferences_how.html", language=visit.language(), headers=PRIVATE)


@router.api_route("/preferences/{token}/my-data", methods=["GET", "HEAD"])  # what was posted there, opened again
@router.api_route("/preferences/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show what the reader chose."""
    try:
        found = _found(visit, token)
    except TokenInvalid:
        return _invalid(visit)
    if not found.lists:
        return _nobodys(visit, found)
    return _form_page(visit, token, found, Form())


@router.post("/preferences/{token}")
def save(
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Save what was changed, and tell what that was; sent once more, it changes nothing more."""
    if not form.text(BUTTON):
        return show(token, visit)
    try:
        found = _found(visit, token)
    except TokenInvalid:
        return _invalid(visit)
    if not found.lists:
        return _nobodys(visit, found)
    app = visit.app
    language = form.text("lang") if form.text("lang") in LANGUAGES else visit.language_of_mail(found.language)
    wordings = _wordings(app, found, language)
    read = choices_form.read(form, found, wordings, now=app.now())
    if read.problems or form.text("wordings") != _digest(wordings):
        problem = "" if read.problems else "wordings"
        return _form_page(visit, token, found, form, language=language, problems=read.problems, problem=problem)
    try:
        saved = _saved(visit, token, form, found, read=read, language=language)
    except ChangedTooOften:
        return changed_too_often(visit, language, back=f"/preferences/{token}")
    return too_often(visit, language) if saved is None else _saved_page(visit, token, found, saved)


@router.post("/preferences/{token}/my-data")
def ask(
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Mail the link to an errand; the answer is the same whether a mail went out or not."""
    errand = ERRANDS.get(form.text(ERRAND))
    if errand is None:
        return show(token, visit)
    try:
        found = _found(visit, token)
    except TokenInvalid:
        return _invalid(visit)
    app = visit.app
    with app.reading() as session:
        reader = own_data.reader_of(session, found.subscription_id)
    return _nobodys(visit, found) if reader is None else mail_errand(visit, reader, errand)


def mail_errand(visit: Visit, reader: Reader, errand: Errand) -> Response:
    """Mail the link to an errand as far as the limits allow, and say that it is on its way."""
    app, language = visit.app, visit.language_of_mail(reader.language)
    with app.writing() as session:
        visitor = visitors.visitor(visit.request, app.settings)
        if not limits.take(session, limits.PER_VISITOR, who=visitor, secret=app.secret, now=app.now()):
            return too_often(visit, language)
        if limits.take(session, limits.PER_ADDRESS, who=reader.mailbox, secret=app.secret, now=app.now()):
            own_data.ask(session, reader, errand, secret=app.secret, by=Actor.reader(None), now=app.now())
    return visit.page("errand_asked.html", language=language, headers=PRIVATE, reader=reader, errand=errand.value)


def too_often(visit: Visit, language: str) -> Response:
    """Ask a visitor to wait."""
    headers = {**PRIVATE, "Retry-After": str(limits.PER_VISITOR.interval.seconds)}
    return visit.page("settings_too_often.html", language=language, status=429, headers=headers)


def changed_too_often(visit: Visit, language: str, *, back: str) -> Response:
    """Say that what must be told by mail was changed often enough today."""
    return visit.page("settings_enough.html", language=language, status=429, headers=PRIVATE, back=back)


def _found(visit: Visit, token: str) -> Preferences:
    with visit.app.reading() as session:
        return preferring.preferences_of(session, token, secret=visit.app.secret, now=visit.app.now())


def _saved(
    visit: Visit, token: str, form: Form, found: Preferences, *, read: ReadForm, language: str
) -> tuple[Saved, ...] | None:
    """Save what the form wants; None where more would be mailed than may be."""
    app = visit.app
    with app.writing() as session:
        if not _may_mail(visit, session, found.mailbox, mails=read.mails):
            return None
        return preferring.change(
            session,
            token,
            read.wanted,
            language=_changed_language(form),
            page_language=language,
            ip=visitors.ip_kept(visit.request, app.settings),
            secret=app.secret,
            by=Actor.reader(None),
            now=app.now(),
        )


def _saved_page(visit: Visit, token: str, before: Preferences, saved: tuple[Saved, ...]) -> Response:
    after = _found(visit, token)
    spoken = NAMES[after.language] if after.language != before.language else ""
    language = visit.language_of_mail(after.language)
    return _page(visit, "preferences_saved.html", token, after, language=language, saved=saved, spoken=spoken)


def _may_mail(visit: Visit, session: Session, mailbox: str, *, mails: int) -> bool:
    app, now = visit.app, visit.app.now()
    visitor = visitors.visitor(visit.request, app.settings)
    return all(
        limits.take(session, limits.PER_VISITOR, who=visitor, secret=app.secret, now=now)
        and limits.take(session, limits.PER_ADDRESS, who=mailbox, secret=app.secret, now=now)
        for _ in range(mails)
    )


def _wordings(app: App, found: Preferences, language: str) -> dict[int, Wordings]:
    """What the page says beside what can be agreed to of each list, as on its form; it is kept with the answer."""
    with app.reading() as session:
        return {each.subscription_id: _wordings_of(session, each, language) for each in found.lists}


def _wordings_of(session: Session, choices: ListChoices, language: str) -> Wordings:
    if not choices.publisher:  # nobody to agree with
        return Wordings("", "")
    offer = offer_of(session, choices.slug)
    return Wordings(offer.words[language], wording_of_measuring(offer, language=language) if choices.may_agree else "")


def _digest(wordings: Mapping[int, Wordings]) -> str:
    """The name of all words on a page, so that only words that were shown are agreed to."""
    return digest_of("\n".join(f"{each.receiving}\n{each.measuring}" for _, each in sorted(wordings.items())))


def _changed_language(form: Form) -> str:
    wanted = form.text("language")
    return wanted if wanted in LANGUAGES and wanted != form.text("was-language") else ""


def _form_page(
    visit: Visit,
    token: str,
    found: Preferences,
    form: Form,
    *,
    language: str = "",
    problems: Mapping[str, Problem] | None = None,
    problem: str = "",
) -> Response:
    language = language or visit.language_of_mail(found.language)
    wordings, today = _wordings(visit.app, found, language), visit.app.now().date()
    return _page(
        visit,
        "preferences.html",
        token,
        found,
        language=language,
        status=400 if problems or problem else 200,
        form=form,
        asked_language=visit.asked_language,
        button=BUTTON,
        wordings=wordings,
        digest=_digest(wordings),
        pauses=[(until.isoformat(), label) for until, label in _pauses(today, language)],
        earliest=today + dt.timedelta(days=1),
        latest=today + pausing.LONGEST,
        problems={name: each.value for name, each in (problems or {}).items()},
        problem=problem,
    )


def _pauses(today: dt.date, language: str) -> list[tuple[dt.date, str]]:
    """The pauses that are offered, as days: sent once more, the same form means the same day."""
    _ = translations(language).gettext
    offered = [
        (today + dt.timedelta(weeks=2), _("for two weeks, until %(day)s")),
        (_months_later(today, 1), _("for a month, until %(day)s")),
        (_months_later(today, 3), _("for three months, until %(day)s")),
    ]
    return [(until, label % {"day": day(until, language=language)}) for until, label in offered]


def _months_later(date: dt.date, months: int) -> dt.date:
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def _page(
    visit: Visit, name: str, token: str, found: Preferences, *, language: str, status: int = 200, **facts: object
) -> Response:
    return visit.page(
        name,
        language=language,
        status=status,
        headers=PRIVATE,
        token=token,
        preferences=found,
        **facts,
    )


def _nobodys(visit: Visit, found: Preferences) -> Response:
    """The link of a test mail, or of somebody of whom nothing is kept any more."""
    name = "preferences_test.html" if found.test else "preferences_gone.html"
    return visit.page(name, language=visit.language(), headers=PRIVATE)


def _invalid(visit: Visit) -> Response:
    return visit.page("preferences_invalid.html", language=visit.language(), status=404, headers=PRIVATE)
