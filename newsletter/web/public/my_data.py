"""The pages behind the links of one hour: a copy of one's data, its deletion, another address.

Only the mailbox's owner gets such a link, so these pages may show a person's data and do what cannot be undone. A
link that no longer counts offers to mail a new one, to the same address. As everywhere the token is the authority:
there is no session that a request from another site could borrow.
"""

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import own_data
from newsletter.readers.own_data import Reader
from newsletter.web import limits, visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.public.preferring import mail_errand, too_often
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.changing_address import AddressChanged
from subscribers.errors import AddressInvalid, TokenExpired, TokenInvalid
from subscribers.models import Errand

BUTTON, AGAIN = "go", "again"
FILE, PAGE = "file", "page"  # how one's data can be had
KINDS = {errand.value: errand for errand in Errand}
PAGES = {
    Errand.DOWNLOAD: "my_data_download.html",
    Errand.ERASE: "my_data_erase.html",
    Errand.CHANGE_ADDRESS: "my_data_address.html",
    Errand.NEW_ADDRESS: "my_data_new_address.html",
}

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")

router = APIRouter()


@router.api_route("/my-data/{kind}/{token}", methods=["GET", "HEAD"])
def show(kind: str, token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show what the link is for, and its button."""
    errand = KINDS.get(kind)
    if errand is None:
        return _invalid(visit)
    try:
        with visit.app.reading() as session:
            reader = own_data.errand_of(session, errand, token, secret=visit.app.secret, now=visit.app.now())
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _expired(visit, errand, expired)
    return _page(visit, PAGES[errand], reader)


@router.post("/my-data/{kind}/{token}")
def run(
    kind: str,
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Do what the button says, or mail a new link where this one counts no more."""
    errand = KINDS.get(kind)
    if errand is None or not (form.text(BUTTON) or form.text(AGAIN)):
        return show(kind, token, visit)
    try:
        return _run(visit, errand, token, form)
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _again(visit, errand, expired) if form.text(AGAIN) else _expired(visit, errand, expired)


def _run(visit: Visit, errand: Errand, token: str, form: Form) -> Response:
    match errand:
        case Errand.DOWNLOAD:
            return _download(visit, token, form)
        case Errand.ERASE:
            return _erase(visit, token)
        case Errand.CHANGE_ADDRESS:
            return _ask_new_address(visit, token, form)
        case Errand.NEW_ADDRESS:
            return _change_address(visit, token)


def _download(visit: Visit, token: str, form: Form) -> Response:
    app = visit.app
    with app.writing() as session:
        reader = own_data.errand_of(session, Errand.DOWNLOAD, token, secret=app.secret, now=app.now())
        found = own_data.download(session, token, secret=app.secret, by=Actor.reader(None), now=app.now())
    if form.text(BUTTON) == PAGE:
        return _page(visit, "my_data.html", reader, found=_readable(found))
    content = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(content, media_type="application/json; charset=utf-8", headers=headers)


def _readable(value: Any) -> Any:
    """The same for people: without what is empty, and with times to the minute."""
    if isinstance(value, dict):
        readable = {name: _readable(inner) for name, inner in value.items()}
        return {name: inner for name, inner in readable.items() if inner not in ("", None, {}, [])}
    if isinstance(value, list | tuple):
        return [_readable(inner) for inner in value]
    if isinstance(value, str) and _MOMENT.match(value):
        return value[:16].replace("T", " ")
    return value


def _erase(visit: Visit, token: str) -> Response:
    app = visit.app
    with app.writing() as session:
        reader = own_data.erase(session, token, secret=app.secret, by=Actor.reader(None), now=app.now())
    return _page(visit, "my_data_erased.html", reader)


def _ask_new_address(visit: Visit, token: str, form: Form) -> Response:
    """Mail the new address, as far as the limits of visitor, reader and that address allow; say no more than that."""
    app, now = visit.app, visit.app.now()
    typed = form.text("email", most=ADDRESS_LIMIT + 1)
    with app.writing() as session:
        reader = own_data.errand_of(session, Errand.CHANGE_ADDRESS, token, secret=app.secret, now=now)
        try:
            address = EmailAddress.parse(typed)
        except AddressInvalid:
            return _page(visit, PAGES[Errand.CHANGE_ADDRESS], reader, status=400, email=typed, problem="email")
        if address.key == reader.mailbox:
            return _page(visit, PAGES[Errand.CHANGE_ADDRESS], reader, status=400, email=typed, problem="same")
        visitor = visitors.visitor(visit.request, app.settings)
        if not limits.take(session, limits.PER_VISITOR, who=visitor, secret=app.secret, now=now):
            return too_often(visit, visit.language_of_mail(reader.language))
        if all(
            limits.take(session, limits.PER_ADDRESS, who=who, secret=app.secret, now=now)
            for who in (f"change:{reader.mailbox}", address.key)
        ):
            by = Actor.reader(None)
            own_data.ask_new_address(session, token, address=address, secret=app.secret, by=by, now=now)
    return _page(visit, "my_data_address_asked.html", reader, email=address.address)


def _change_address(visit: Visit, token: str) -> Response:
    app, ip = visit.app, visitors.ip_kept(visit.request, visit.app.settings)
    with app.writing() as session:
        reader, outcome = own_data.change_address(
            session, token, ip=ip, secret=app.secret, by=Actor.reader(None), now=app.now()
        )
    if isinstance(outcome, AddressChanged):
        return _page(visit, "my_data_address_changed.html", reader)
    return _page(visit, "my_data_address_kept.html", reader, status=409, hindrance=outcome.hindrance.name.lower())


def _again(visit: Visit, errand: Errand, expired: TokenExpired) -> Response:
    """Mail a new link to the address; one to a new address has to be asked for anew, as only its page knows it."""
    with visit.app.reading() as session:
        reader = own_data.reader_of(session, expired.subscription_id)
    if reader is None or errand is Errand.NEW_ADDRESS:
        return _expired(visit, errand, expired)
    return mail_errand(visit, reader, errand)


def _page(visit: Visit, name: str, reader: Reader, *, status: int = 200, **facts: object) -> Response:
    language = visit.language_of_mail(reader.language)
    known: dict[str, object] = {"email": "", "problem": "", "button": BUTTON, **facts}
    return visit.page(name, language=language, status=status, headers=PRIVATE, reader=reader, **known)


def _expired(visit: Visit, errand: Errand, expired: TokenExpired) -> Response:
    with visit.app.reading() as session:
        reader = own_data.reader_of(session, expired.subscription_id)
    if reader is None:  # pressed once more after the deletion, or the deletion came first
        return visit.page("my_data_erased.html", language=visit.language(), headers=PRIVATE, reader=None)
    may_ask = errand is not Errand.NEW_ADDRESS
    return _page(visit, "errand_expired.html", reader, status=410, may_ask=may_ask, again=AGAIN)


def _invalid(visit: Visit) -> Response:
    return visit.page("errand_invalid.html", language=visit.language(), status=404, headers=PRIVATE)
