"""The sign-up page: a form, and an answer that is the same whoever the address belongs to.

The form works from any other site too: it needs no cookie and no script, and who posts it gets
nothing but a mail to the address typed. A program that fills each field is answered alike.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.app import App
from newsletter.i18n import LANGUAGES
from newsletter.readers import signing_up
from newsletter.web import limits, visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.public.offering import Offer, digest_of, offer_of, wording_of, wording_of_measuring
from newsletter.web.visit import Visit, visit_of
from subscribers import lists
from subscribers.actor import Actor
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.measuring import Choice
from subscribers.people import Person

# The field people do not see.
TRAP = "homepage"
# The box on measuring, and the digest of the words beside it, which says that the form asked.
MEASURING, MEASURING_WORDING = "measuring", "measuring_wording"
# Where a form stood, as it goes into the consent record.
SOURCES = {"page": "sign-up page", "embed": "embedded form"}
FIELDS = {"salutation": 40, "first_name": 120, "last_name": 120, "organisation": 200}

router = APIRouter()


@router.api_route("/lists/{slug}", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the form."""
    offer = _offer(visit.app, slug)
    return _form_page(visit, offer, Form(), language=visit.language(offer.language))


@router.post("/lists/{slug}")
def subscribe(
    slug: str,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Take a sign-up; say nothing of what is known about the address."""
    offer = _offer(visit.app, slug)
    language = form.text("lang") if form.text("lang") in LANGUAGES else visit.language(offer.language)
    wording = wording_of(offer, language=language)
    try:
        address = EmailAddress.parse(form.text("email"))
    except AddressInvalid:
        return _form_page(visit, offer, form, language=language, problem="email")
    if not _shows_todays_words(form, offer, wording, language):  # a page left open, or an old copy of the form
        return _form_page(visit, offer, form, language=language, problem="wording")
    signed_up = form.text(TRAP) or _signed_up(visit, form, offer=offer, address=address, language=language)
    if not signed_up:
        headers = {"Retry-After": str(limits.PER_VISITOR.interval.seconds)}
        return visit.page("too_often.html", language=language, status=429, headers=headers, offer=offer)
    return visit.page("asked.html", language=language, offer=offer)


def _offer(app: App, slug: str) -> Offer:
    with app.reading() as session:
        return offer_of(session, slug)


def _signed_up(visit: Visit, form: Form, *, offer: Offer, address: EmailAddress, language: str) -> bool:
    """Sign the address up; False where the visitor has done so too often.

    An address that was typed too often gets no more mail, and the answer does not tell.
    """
    app, now = visit.app, visit.app.now()
    visitor = visitors.visitor(visit.request, app.settings)
    with app.writing() as session:
        if not limits.take(session, limits.PER_VISITOR, who=visitor, secret=app.secret, now=now):
            return False
        if limits.take(session, limits.PER_ADDRESS, who=address.key, secret=app.secret, now=now):
            signing_up.sign_up(
                session,
                lists.named(session, offer.slug),
                address=address,
                person=Person(language=language, **_told(form)),
                wording=wording_of(offer, language=language),
                source=SOURCES.get(form.text("source"), "form"),
                ip=visitors.ip_kept(visit.request, app.settings),
                secret=app.secret,
                by=Actor.reader(None),
                now=now,
                measured=measuring_chosen(form, offer, language=language),
            )
    return True


def measuring_chosen(form: Form, offer: Offer, *, language: str) -> Choice | None:
    """What a form said on measuring; None where it did not ask. An empty box is a no."""
    if not offer.asks_measuring or not form.text(MEASURING_WORDING):
        return None
    return Choice(wording_of_measuring(offer, language=language), agreed=bool(form.text(MEASURING)))


def _shows_todays_words(form: Form, offer: Offer, wording: str, language: str) -> bool:
    if form.text("wording") not in {"", digest_of(wording)}:
        return False
    measuring = digest_of(wording_of_measuring(offer, language=language))
    return not form.text(MEASURING) or form.text(MEASURING_WORDING) == measuring


def _told(form: Form) -> dict[str, str]:
    return {name: form.text(name, most=most) for name, most in FIELDS.items()}


def _form_page(visit: Visit, offer: Offer, form: Form, *, language: str, problem: str = "") -> Response:
    wording = wording_of(offer, language=language)
    measuring = wording_of_measuring(offer, language=language)
    return visit.page(
        "sign_up.html",
        language=language,
        status=400 if problem else 200,
        offer=offer,
        email=form.text("email", most=ADDRESS_LIMIT),
        told=_told(form),
        wording=wording,
        digest=digest_of(wording),
        measuring=measuring,
        measuring_digest=digest_of(measuring),
        measuring_agreed=bool(form.text(MEASURING)) and problem != "wording",
        trap=TRAP,
        problem=problem,
    )
