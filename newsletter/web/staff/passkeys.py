"""Passkeys in the browser: to sign in, as the second factor, and to add to and remove from one's own account.

`static/staff/passkeys.js` asks for options, has the device answer, and sends the answer as a field of a form.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from newsletter.accounts import ceremonies, passkeys, signing_in
from newsletter.accounts.ceremonies import Ceremony, Kind
from newsletter.accounts.errors import PasskeyNotFound, PasskeyRefused
from newsletter.accounts.passkeys import Site
from newsletter.accounts.staff import one
from newsletter.app import App
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.account import PATH as ACCOUNT
from newsletter.web.staff.account import FreshSelf
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import anyone
from newsletter.web.staff.letters import sender_of
from newsletter.web.staff.signing_in import SECOND, device_of, finish_second, let_in
from newsletter.web.visit import Visit

ANSWER_LIMIT = 20_000  # characters; what devices say is a tenth of it
_WAY = "passkey"

router = APIRouter()

Open = Annotated[Visit, Depends(anyone)]


@router.post("/staff/sign-in/passkey/options")
def sign_in_options(visit: Open) -> Response:
    """Give the browser what it needs to sign in by a passkey that the person picks."""
    if not trying.may(visit, (trying.PASSKEY_VISITOR, trying.visitor(visit))):
        return JSONResponse({}, 429)
    options, challenge = passkeys.request_options((), site=_site(visit.app), verified=True)
    with visit.app.writing() as session:
        step = _begin(session, visit, Kind.PASSKEY_SIGN_IN, None, challenge)
    return _options(visit, options, step)


@router.post("/staff/sign-in/passkey")
def sign_in(visit: Open, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Sign in by a passkey alone: the device has verified its owner."""
    app, now, to = visit.app, visit.app.now(), ways.local(form.text("to"))
    if not trying.may(visit, (trying.PASSKEY_VISITOR, trying.visitor(visit))):
        return ways.redirect(visit, ways.SIGN_IN, done="often")
    try:
        with app.writing() as session:
            begun = _finish(session, visit, Kind.PASSKEY_SIGN_IN)
            user = passkeys.used(
                session, _credential(form), challenge=challenge_of(begun, None), site=_site(app), verified=True, now=now
            )
            signed_in = signing_in.complete(session, user, device=device_of(visit), way=_WAY, now=now)
    except PasskeyRefused:
        with app.writing() as session:
            signing_in.refuse(session, None, way=_WAY, now=now)
        return ways.redirect(visit, ways.SIGN_IN, done="passkey-refused")
    return let_in(visit, signed_in.token, to=to)


@router.post("/staff/second-factor/passkey/options")
def second_options(visit: Open) -> Response:
    """Give the browser what it needs to use a passkey after the password."""
    app, now = visit.app, visit.app.now()
    step = cookies.read(visit.request, Cookie.STEP, app.settings)
    with app.writing() as session:
        waiting = ceremonies.find(session, step, Kind.SECOND_FACTOR, now=now)
        if waiting is None or waiting.user_id is None:
            return JSONResponse({}, 410)
        known = passkeys.credential_ids(session, waiting.user_id)
        options, challenge = passkeys.request_options(known, site=_site(app), verified=False)
        ceremonies.note(session, step, Kind.SECOND_FACTOR, facts={"challenge": challenge}, now=now)
    return JSONResponse(options)


@router.post("/staff/second-factor/passkey")
def check_second(visit: Open, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Check the passkey of somebody whose password was right."""
    app, now, to = visit.app, visit.app.now(), ways.local(form.text("to"))
    step = cookies.read(visit.request, Cookie.STEP, app.settings)
    with app.reading() as session:
        waiting = ceremonies.find(session, step, Kind.SECOND_FACTOR, now=now)
    if waiting is None:
        return ways.redirect(visit, ways.SIGN_IN, done="over")
    try:
        with app.writing() as session:
            user = passkeys.used(
                session,
                _credential(form),
                challenge=challenge_of(waiting, waiting.user_id),
                site=_site(app),
                verified=False,
                now=now,
                owner_id=waiting.user_id,
            )
            token = finish_second(session, visit, user, Kind.SECOND_FACTOR, way=_WAY)
    except PasskeyRefused:
        with app.writing() as session:
            signing_in.refuse(session, waiting.user_id, way=_WAY, now=now)
        return ways.redirect(visit, SECOND, to=to, done="passkey-refused")
    return let_in(visit, token, to=to) if token else ways.redirect(visit, ways.SIGN_IN, done="over")


@router.post(f"{ACCOUNT}/passkeys/options")
def creation_options(staff: FreshSelf) -> Response:
    """Give the browser what it needs to make a passkey."""
    visit, app = staff.visit, staff.visit.app
    with app.writing() as session:
        user, known = one(session, staff.user.id), passkeys.credential_ids(session, staff.user.id)
        options, challenge = passkeys.creation_options(user, known, site=_site(app), secret=app.secret)
        step = _begin(session, visit, Kind.PASSKEY_NEW, staff.user.id, challenge)
    return _options(visit, options, step)


@router.post(f"{ACCOUNT}/passkeys")
def add(staff: FreshSelf, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Take a new passkey."""
    visit, app = staff.visit, staff.visit.app
    try:
        with app.writing() as session:
            begun = _finish(session, visit, Kind.PASSKEY_NEW)
            passkeys.add(
                session,
                one(session, staff.user.id),
                _credential(form),
                challenge=challenge_of(begun, staff.user.id),
                site=_site(app),
                name=form.text("passkey_name"),
                sender=sender_of(session, app),
                by=staff.by,
                now=app.now(),
            )
    except PasskeyRefused:
        return ways.redirect(visit, ACCOUNT, done="passkey-refused")
    return ways.redirect(visit, ACCOUNT, done="passkey-added")


@router.post(f"{ACCOUNT}/passkeys/{{passkey_id}}/remove")
def remove(passkey_id: int, staff: FreshSelf) -> Response:
    """Take a passkey away."""
    app = staff.visit.app
    try:
        with app.writing() as session:
            user, sender = one(session, staff.user.id), sender_of(session, app)
            passkeys.remove(session, user, passkey_id, sender=sender, by=staff.by, now=app.now())
    except PasskeyNotFound:
        return ways.redirect(staff.visit, ACCOUNT)
    return ways.redirect(staff.visit, ACCOUNT, done="passkey-removed")


def challenge_of(begun: Ceremony | None, user_id: int | None) -> str:
    """The challenge that a browser was given for a user.

    Raises:
        PasskeyRefused: it was given none, or too long ago, or it was for another.
    """
    if begun is None or begun.user_id != user_id or "challenge" not in begun.facts:
        raise PasskeyRefused("it took too long")
    return str(begun.facts["challenge"])


def _begin(session: Session, visit: Visit, kind: Kind, user_id: int | None, challenge: str) -> str:
    return ceremonies.begin(session, kind, user_id=user_id, facts={"challenge": challenge}, now=visit.app.now())


def _finish(session: Session, visit: Visit, kind: Kind) -> Ceremony | None:
    step = cookies.read(visit.request, Cookie.STEP, visit.app.settings)
    return ceremonies.finish(session, step, kind, now=visit.app.now())


def _credential(form: Form) -> str:
    return form.text("credential", most=ANSWER_LIMIT)


def _options(visit: Visit, options: dict[str, object], step: str) -> Response:
    answer = JSONResponse(options)
    cookies.write(answer, Cookie.STEP, step, visit.app.settings)
    return answer


def _site(app: App) -> Site:
    return Site.of(app.settings.public_url)
