"""Proving again who one is, before ways to sign in and roles are changed: whoever finds an open screen cannot stay."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from newsletter.accounts import ceremonies, passkeys, passwords, sessions, signing_in
from newsletter.accounts.ceremonies import Kind
from newsletter.accounts.errors import PasskeyRefused
from newsletter.accounts.models import StaffUser
from newsletter.accounts.passkeys import Site
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import Allowed, Staff
from newsletter.web.staff.passkeys import ANSWER_LIMIT, challenge_of

PATH = "/staff/again"

router = APIRouter()

Self = Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]


@router.api_route(PATH, methods=["GET", "HEAD"])
def ask(staff: Self) -> Response:
    """Ask for the password or a passkey, or offer the way over the provider."""
    to = ways.local(staff.visit.request.query_params.get("to", ""))
    if staff.session.is_fresh(staff.visit.app.now()):
        return ways.redirect(staff.visit, to)
    return _form(staff, to=to)


@router.post(PATH)
def check(staff: Self, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Check the password, or the passkey."""
    visit, to = staff.visit, ways.local(form.text("to"))
    if not trying.may(visit, (trying.SIGN_IN_ADDRESS, signing_in.key_of(staff.user.address))):
        return _form(staff, to=to, problem="often", status=429)
    credential = form.text("credential", most=ANSWER_LIMIT)
    ok = _passkey_fits(staff, credential) if credential else _password_fits(staff, form.fields.get("password", ""))
    with visit.app.writing() as session:
        if ok:
            sessions.proven(session, staff.session.id, now=visit.app.now())
        else:
            signing_in.refuse(session, staff.user.id, way="again", now=visit.app.now())
    if not ok:
        return _form(staff, to=to, problem="passkey" if credential else "wrong", status=401)
    answer = ways.redirect(visit, to)
    cookies.clear(answer, Cookie.STEP, visit.app.settings)
    return answer


@router.post(f"{PATH}/passkey")
def passkey_options(staff: Self) -> Response:
    """Give the browser what it needs to use a passkey."""
    app, site = staff.visit.app, Site.of(staff.visit.app.settings.public_url)
    with app.writing() as session:
        known = passkeys.credential_ids(session, staff.user.id)
        options, challenge = passkeys.request_options(known, site=site, verified=False)
        step = ceremonies.begin(
            session,
            Kind.PASSKEY_AGAIN,
            user_id=staff.user.id,
            facts={"challenge": challenge},
            now=app.now(),
        )
    answer = JSONResponse(options)
    cookies.write(answer, Cookie.STEP, step, app.settings)
    return answer


def _password_fits(staff: Staff, password: str) -> bool:
    with staff.visit.app.reading() as session:
        kept = session.get_one(StaffUser, staff.user.id).password_hash
    return passwords.fits(kept, password)


def _passkey_fits(staff: Staff, credential: str) -> bool:
    app, now = staff.visit.app, staff.visit.app.now()
    step = cookies.read(staff.visit.request, Cookie.STEP, app.settings)
    try:
        with app.writing() as session:
            begun = ceremonies.finish(session, step, Kind.PASSKEY_AGAIN, now=now)
            passkeys.used(
                session,
                credential,
                challenge=challenge_of(begun, staff.user.id),
                site=Site.of(app.settings.public_url),
                verified=False,
                now=now,
                owner_id=staff.user.id,
            )
    except PasskeyRefused:
        return False
    return True


def _form(staff: Staff, *, to: str, problem: str = "", status: int = 200) -> Response:
    settings = staff.visit.app.settings
    return page(
        staff,
        "again.html",
        status=status,
        to=to,
        problem=problem,
        with_passkeys=staff.user.passkeys > 0 and Site.of(settings.public_url).can_have_passkeys,
        provider=settings.file.oidc.name if settings.file.oidc else "",
    )
