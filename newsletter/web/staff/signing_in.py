"""Signing in by password and second factor, and signing out."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.accounts import ceremonies, passkeys, passwords, second_factor, sessions, signing_in
from newsletter.accounts.ceremonies import Kind
from newsletter.accounts.errors import SecondFactorRefused
from newsletter.accounts.models import StaffUser
from newsletter.accounts.passkeys import Site
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.accounts.sessions import Device
from newsletter.accounts.signing_in import SecondFactorDue, SignedIn
from newsletter.accounts.staff import one
from newsletter.web import visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.answers import open_page
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import Allowed, Staff, anyone
from newsletter.web.visit import Visit
from subscribers.address import ADDRESS_LIMIT

SECOND = "/staff/second-factor"

router = APIRouter()


@router.api_route("/staff/sign-in", methods=["GET", "HEAD"])
def show(visit: Annotated[Visit, Depends(anyone)]) -> Response:
    """Show the form; who is signed in already goes on."""
    to = ways.local(visit.request.query_params.get("to", ""))
    token = cookies.read(visit.request, Cookie.SESSION, visit.app.settings)
    with visit.app.reading() as session:
        if token and sessions.find(session, token, now=visit.app.now()):
            return ways.redirect(visit, to)
    return _form(visit, to=to)


@router.post("/staff/sign-in")
def sign_in(visit: Annotated[Visit, Depends(anyone)], form: Annotated[Form, Depends(submitted)]) -> Response:
    """Check the password; the answer does not tell whether the address is known."""
    app, now, to = visit.app, visit.app.now(), ways.local(form.text("to"))
    address, password = form.text("address", most=ADDRESS_LIMIT), form.fields.get("password", "")
    tries = (trying.SIGN_IN_VISITOR, trying.visitor(visit)), (trying.SIGN_IN_ADDRESS, signing_in.key_of(address))
    if not trying.may(visit, *tries):
        return _form(visit, to=to, address=address, problem="often", status=429)
    with app.reading() as session:
        asked = signing_in.known(session, address)
    fits = passwords.fits(asked.password_hash, password)
    renewed = passwords.hashed(password) if fits and passwords.is_outdated(asked.password_hash) else None
    with app.writing() as session:
        step = None
        if fits:
            step = signing_in.with_password(session, asked, device=device_of(visit), new_hash=renewed, now=now)
        if step is None:
            signing_in.refuse(session, asked.user_id, way="password", now=now)
    match step:
        case SignedIn(token):
            return let_in(visit, token, to=to)
        case SecondFactorDue(token):
            answer = ways.redirect(visit, SECOND, to=to)
            cookies.write(answer, Cookie.STEP, token, app.settings)
            return answer
    return _form(visit, to=to, address=address, problem="wrong", status=401)


@router.api_route("/staff/second-factor", methods=["GET", "HEAD"])
def ask_second(visit: Annotated[Visit, Depends(anyone)]) -> Response:
    """Ask for the second factor; without a password before it, begin again."""
    to = ways.local(visit.request.query_params.get("to", ""))
    with visit.app.reading() as session:
        user = _waiting(session, visit)
        return _second_form(session, visit, user, to=to) if user else ways.redirect(visit, ways.SIGN_IN, done="over")


@router.post("/staff/second-factor")
def check_second(visit: Annotated[Visit, Depends(anyone)], form: Annotated[Form, Depends(submitted)]) -> Response:
    """Check a code of the generator, or a recovery code."""
    app, now, to = visit.app, visit.app.now(), ways.local(form.text("to"))
    with app.reading() as session:
        user = _waiting(session, visit)
    if user is None:
        return ways.redirect(visit, ways.SIGN_IN, done="over")
    if not trying.may(visit, (trying.SECOND_FACTOR, str(user.id))):
        with app.reading() as session:
            return _second_form(session, visit, user, to=to, problem="often", status=429)
    with app.writing() as session:
        try:
            locked = one(session, user.id)
            way = second_factor.check(session, locked, form.text("code", most=40), secret=app.secret, now=now)
        except SecondFactorRefused:
            signing_in.refuse(session, user.id, way="code", now=now)
            return _second_form(session, visit, user, to=to, problem="wrong", status=401)
        token = finish_second(session, visit, locked, Kind.SECOND_FACTOR, way=way)
    return let_in(visit, token, to=to) if token else ways.redirect(visit, ways.SIGN_IN, done="over")


@router.post("/staff/sign-out")
def sign_out(staff: Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]) -> Response:
    """End the session."""
    visit = staff.visit
    with visit.app.writing() as session:
        user = session.get_one(StaffUser, staff.user.id)
        signing_in.sign_out(session, user, session_id=staff.session.id, now=visit.app.now())
    answer = ways.redirect(visit, ways.SIGN_IN, done="signed-out")
    cookies.clear(answer, Cookie.SESSION, visit.app.settings)
    # What the browser keeps of the pages that were seen goes, too (RFC 9111 allows it back and forward).
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def finish_second(session: Session, visit: Visit, user: StaffUser, kind: Kind, *, way: str) -> str:
    """Sign in somebody who has proven the second factor; empty where the password was too long ago."""
    now = visit.app.now()
    token = cookies.read(visit.request, Cookie.STEP, visit.app.settings)
    if ceremonies.finish(session, token, kind, now=now) is None:
        return ""
    return signing_in.complete(session, user, device=device_of(visit), way=f"password and {way}", now=now).token


def let_in(visit: Visit, token: str, *, to: str, **query: str) -> Response:
    """Hand out the session's cookie, and go where the person wanted to go."""
    answer = ways.redirect(visit, to, **query)
    cookies.write(answer, Cookie.SESSION, token, visit.app.settings)
    cookies.clear(answer, Cookie.STEP, visit.app.settings)
    return answer


def device_of(visit: Visit) -> Device:
    """Where somebody signs in from."""
    request, settings = visit.request, visit.app.settings
    return Device(
        user_agent=request.headers.get("user-agent", ""),
        ip=visitors.network_of(request, settings),
        replaces=cookies.read(request, Cookie.SESSION, settings),
    )


def _waiting(session: Session, visit: Visit) -> StaffUser | None:
    """Whose second factor is due in this browser."""
    token = cookies.read(visit.request, Cookie.STEP, visit.app.settings)
    found = ceremonies.find(session, token, Kind.SECOND_FACTOR, now=visit.app.now())
    user = None if found is None or found.user_id is None else session.get(StaffUser, found.user_id)
    return user if user is not None and user.active else None


def _form(visit: Visit, *, to: str, address: str = "", problem: str = "", status: int = 200) -> Response:
    headers = {"Retry-After": str(trying.SIGN_IN_ADDRESS.interval.seconds)} if status == 429 else None  # noqa: PLR2004
    settings = visit.app.settings
    return open_page(
        visit,
        "sign_in.html",
        status=status,
        headers=headers,
        to=to,
        address=address,
        problem=problem,
        with_passkeys=Site.of(settings.public_url).can_have_passkeys,
        provider=settings.file.oidc.name if settings.file.oidc else "",
    )


def _second_form(
    session: Session, visit: Visit, user: StaffUser, *, to: str, problem: str = "", status: int = 200
) -> Response:
    return open_page(
        visit,
        "second_factor.html",
        status=status,
        to=to,
        problem=problem,
        with_codes=user.totp_sealed is not None,
        with_passkeys=bool(passkeys.credential_ids(session, user.id)),
        with_recovery=second_factor.codes_left(session, user.id) > 0,
    )
