"""The code generator and the recovery codes of one's own account."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from markupsafe import Markup

from newsletter.accounts import ceremonies, second_factor
from newsletter.accounts.ceremonies import Kind
from newsletter.accounts.errors import SecondFactorRefused
from newsletter.accounts.passkeys import Site
from newsletter.accounts.staff import one
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.account import PATH, FreshSelf
from newsletter.web.staff.answers import page
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import Staff
from newsletter.web.staff.letters import sender_of

CODES = f"{PATH}/codes"

router = APIRouter()


@router.post(f"{CODES}/begin")
def begin(staff: FreshSelf) -> Response:
    """Make a secret, to be shown on the next page."""
    app, user_id = staff.visit.app, staff.user.id
    hidden = second_factor.sealed(second_factor.new_secret(), user_id=user_id, secret=app.secret)
    with app.writing() as session:
        facts = {"sealed": hidden.hex()}
        step = ceremonies.begin(session, Kind.CODE_GENERATOR, user_id=user_id, facts=facts, now=app.now())
    answer = ways.redirect(staff.visit, CODES)
    cookies.write(answer, Cookie.STEP, step, app.settings)
    return answer


@router.api_route(CODES, methods=["GET", "HEAD"])
def show(staff: FreshSelf) -> Response:
    """Show the secret as a QR code and as text, and ask for the first code."""
    secret_text = _secret(staff)
    return _page(staff, secret_text) if secret_text else ways.redirect(staff.visit, PATH)


@router.post(CODES)
def switch_on(staff: FreshSelf, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Check the first code; then codes are asked for, and the recovery codes are shown this once."""
    app, secret_text = staff.visit.app, _secret(staff)
    if not secret_text:
        return ways.redirect(staff.visit, PATH, done="over")
    if not trying.may(staff.visit, (trying.SECOND_FACTOR, str(staff.user.id))):
        return _page(staff, secret_text, problem="often", status=429)
    try:
        with app.writing() as session:
            user = one(session, staff.user.id)
            codes = second_factor.switch_on(
                session,
                user,
                secret_text,
                code=form.text("code", most=40),
                secret=app.secret,
                sender=sender_of(session, app),
                by=staff.by,
                now=app.now(),
            )
            ceremonies.finish(session, _step(staff), Kind.CODE_GENERATOR, now=app.now())
    except SecondFactorRefused:
        return _page(staff, secret_text, problem="wrong", status=400)
    return page(staff, "recovery_codes.html", codes=codes, new_generator=True)


@router.post(f"{CODES}/off")
def switch_off(staff: FreshSelf) -> Response:
    """Ask for codes no longer."""
    app = staff.visit.app
    with app.writing() as session:
        user = one(session, staff.user.id)
        second_factor.switch_off(session, user, sender=sender_of(session, app), by=staff.by, now=app.now())
    return ways.redirect(staff.visit, PATH, done="codes-off")


@router.post(f"{PATH}/recovery-codes")
def new_codes(staff: FreshSelf) -> Response:
    """Make ten new recovery codes and show them this once."""
    app = staff.visit.app
    if not staff.user.has_second_factor:
        return ways.redirect(staff.visit, PATH)
    with app.writing() as session:
        user = one(session, staff.user.id)
        sender = sender_of(session, app)
        codes = second_factor.new_codes(session, user, secret=app.secret, sender=sender, by=staff.by, now=app.now())
    return page(staff, "recovery_codes.html", codes=codes, new_generator=False)


def _step(staff: Staff) -> str:
    return cookies.read(staff.visit.request, Cookie.STEP, staff.visit.app.settings)


def _secret(staff: Staff) -> str:
    """The secret that waits for its first code; empty where none does."""
    app = staff.visit.app
    with app.reading() as session:
        begun = ceremonies.find(session, _step(staff), Kind.CODE_GENERATOR, now=app.now())
    if begun is None or begun.user_id != staff.user.id:
        return ""
    return second_factor.opened(bytes.fromhex(str(begun.facts["sealed"])), user_id=staff.user.id, secret=app.secret)


def _page(staff: Staff, secret_text: str, *, problem: str = "", status: int = 200) -> Response:
    host = Site.of(staff.visit.app.settings.public_url).host
    uri = second_factor.uri(secret_text, address=staff.user.address, host=host)
    # Black on white in any scheme: not every phone reads a code that is light on dark.
    drawn = segno.make(uri, error="m").svg_inline(scale=5, border=4, dark="#000000", light="#ffffff", omitsize=True)
    groups = [secret_text[start : start + 4] for start in range(0, len(secret_text), 4)]
    return page(
        staff,
        "codes.html",
        status=status,
        problem=problem,
        uri=uri,
        groups=groups,
        drawn=Markup(drawn),  # noqa: S704  # made by segno of the link, which stands in it as squares alone
    )
