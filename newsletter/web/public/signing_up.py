"""The sign-up page: a form, and an answer that is the same whoever the address belongs to.

The form works from any other site too: it needs no cookie and no script, and who posts it gets
nothing but a mail to the address typed. A program that fills each field is answered alike. Inside a
frame (`/frame`) the same form stands in a smaller page, and what follows stays in the frame.
"""

from enum import Enum
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.app import App
from newsletter.i18n import LANGUAGES
from newsletter.readers import signing_up
from newsletter.texts.pages import ASKED, SIGN_UP
from newsletter.web import limits, proof_of_work, visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.proof_of_work import PAYLOAD_LIMIT, Proof
from newsletter.web.public import asking
from newsletter.web.public.asking import MEASURING, MEASURING_WORDING, Answers, answers_of, no_answers
from newsletter.web.public.offering import Offer, digest_of, offer_of, wording_of_measuring
from newsletter.web.public.place import FRAME, PAGE, SOURCES, UNSAID, Place
from newsletter.web.visit import Visit, visit_of
from subscribers import lists
from subscribers.actor import Actor
from subscribers.measuring import Choice

# The field people do not see.
TRAP = "homepage"
PROOF = "altcha"
# The pages on which the list speaks in its own words.
_SAID = {"sign_up.html": SIGN_UP, "asked.html": ASKED}

log = structlog.get_logger("newsletter.web")
router = APIRouter()


@router.api_route("/lists/{slug}", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the form."""
    return _shown(slug, visit, PAGE)


@router.api_route("/lists/{slug}/frame", methods=["GET", "HEAD"])
def show_in_frame(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the form in a small page for a frame."""
    return _shown(slug, visit, FRAME)


@router.post("/lists/{slug}")
def subscribe(
    slug: str,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Take a sign-up; say nothing of what is known about the address."""
    return _taken(slug, visit, form, PAGE)


@router.post("/lists/{slug}/frame")
def subscribe_in_frame(
    slug: str,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Take a sign-up inside a frame."""
    return _taken(slug, visit, form, FRAME)


class _Outcome(Enum):
    TAKEN = "taken"  # or not, and then nobody is told
    VISITOR_TOO_OFTEN = "visitor"
    LIST_TOO_OFTEN = "list"
    UNPROVEN = "proof"


def _shown(slug: str, visit: Visit, place: Place) -> Response:
    offer = _offer(visit.app, slug)
    return _form_page(visit, place, offer, no_answers(offer), language=visit.language(offer.language))


def _taken(slug: str, visit: Visit, form: Form, place: Place) -> Response:
    offer = _offer(visit.app, slug)
    language = form.text("lang") if form.text("lang") in LANGUAGES else visit.language(offer.language)
    answers = answers_of(form, offer)
    # A page left open, an old copy of the form, or one that never showed any words: nobody agrees unseen.
    is_current = _shows_todays_words(form, offer, language)
    if answers.problems or not is_current:
        notice = "" if is_current else "wording"
        return _form_page(visit, place, offer, answers, language=language, status=400, notice=notice)
    proof = _proof(visit.app, form, offer)
    outcome = _Outcome.TAKEN
    if not form.text(TRAP):
        source = SOURCES.get(form.text("source"), UNSAID) if place is PAGE else place.source
        outcome = _signed_up(visit, offer, answers, proof=proof, source=source, language=language)
    match outcome:
        case _Outcome.TAKEN:
            return _page(visit, place, offer, "asked.html", language=language)
        case _Outcome.UNPROVEN:
            return _form_page(visit, place, offer, answers, language=language, status=400, notice="proof")
        case _:
            return _too_often(visit, place, offer, outcome, language=language)


def _offer(app: App, slug: str) -> Offer:
    with app.reading() as session:
        return offer_of(session, slug)


def _proof(app: App, form: Form, offer: Offer) -> Proof | None:
    if not app.settings.altcha:
        return None
    payload = form.text(PROOF, most=PAYLOAD_LIMIT)
    return proof_of_work.judged(payload, secret=app.secret, subject=offer.slug, now=app.now())


def _signed_up(
    visit: Visit, offer: Offer, answers: Answers, *, proof: Proof | None, source: str, language: str
) -> _Outcome:
    """Sign the address up, unless somebody has done so too often.

    An address that was typed too often gets no more mail, and the answer does not tell.
    """
    app, now, address = visit.app, visit.app.now(), answers.address
    assert address is not None  # noqa: S101  # else it were among the problems
    settings, secret = app.settings, app.secret
    if settings.altcha and proof is None:
        return _Outcome.UNPROVEN
    visitor = visitors.visitor(visit.request, settings)
    per_list = limits.per_list(at_once=settings.sign_ups_at_once, a_minute=settings.sign_ups_per_minute)
    with app.writing() as session:
        if not limits.take(session, limits.PER_VISITOR, who=visitor, secret=secret, now=now):
            return _Outcome.VISITOR_TOO_OFTEN
        if not limits.take(session, per_list, who=offer.slug, secret=secret, now=now):
            return _Outcome.LIST_TOO_OFTEN
        if proof and not proof_of_work.spend(session, proof, on=address.key, secret=secret, now=now):
            return _Outcome.UNPROVEN
        if limits.take(session, limits.PER_ADDRESS, who=address.key, secret=secret, now=now):
            signing_up.sign_up(
                session,
                lists.named(session, offer.slug),
                address=address,
                person=answers.person(language=language),
                wording=offer.words[language],
                wording_language=language,
                topic_slugs=answers.topics if offer.topics else None,
                source=source,
                ip=visitors.ip_kept(visit.request, settings),
                secret=secret,
                by=Actor.reader(None),
                now=now,
                measured=_choice(answers, offer, language=language),
            )
    return _Outcome.TAKEN


def _choice(answers: Answers, offer: Offer, *, language: str) -> Choice | None:
    if answers.measured is None:
        return None
    return Choice(wording_of_measuring(offer, language=language), agreed=answers.measured)


def _shows_todays_words(form: Form, offer: Offer, language: str) -> bool:
    if form.text("wording") != digest_of(offer.words[language]):
        return False
    measuring = digest_of(wording_of_measuring(offer, language=language))
    return not form.text(MEASURING) or form.text(MEASURING_WORDING) == measuring


def _too_often(visit: Visit, place: Place, offer: Offer, outcome: _Outcome, *, language: str) -> Response:
    if outcome is _Outcome.LIST_TOO_OFTEN:
        log.warning("a list gets more sign-ups than it takes", list=offer.slug)
    headers = {"Retry-After": str(limits.PER_VISITOR.interval.seconds)}
    return _page(
        visit, place, offer, "too_often.html", language=language, status=429, headers=headers, of=outcome.value
    )


def _form_page(
    visit: Visit, place: Place, offer: Offer, answers: Answers, *, language: str, status: int = 200, notice: str = ""
) -> Response:
    app = visit.app
    openly, folded = asking.fields_in_order(offer)
    script = app.settings.altcha
    challenge = proof_of_work.challenge(secret=app.secret, subject=offer.slug, now=app.now()) if script else ""
    return _page(
        visit,
        place,
        offer,
        "sign_up.html",
        language=language,
        status=status,
        script=script,
        answers=answers,
        openly=openly,
        folded=folded,
        wording=offer.words[language],
        digest=digest_of(offer.words[language]),
        measuring=wording_of_measuring(offer, language=language),
        measuring_digest=digest_of(wording_of_measuring(offer, language=language)),
        measuring_agreed=answers.measured and notice != "wording",
        trap=TRAP,
        proof=PROOF,
        challenge=challenge,
        notice=notice,
    )


def _page(
    visit: Visit,
    place: Place,
    offer: Offer,
    name: str,
    *,
    language: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    script: bool = False,
    **facts: object,
) -> Response:
    values = {"list": offer.name, "publisher": offer.publisher}
    said = _SAID.get(name)
    return visit.page(
        name,
        language=language,
        status=status,
        texts=visit.texts(said, offer.slug, language=language, **values) if said else {},
        headers={**place.headers(visit.app.settings, script=script), **(headers or {})},
        layout=place.layout,
        form_url=f"{visit.pages.prefix}{place.path(offer.slug)}",
        offer=offer,
        **facts,
    )
