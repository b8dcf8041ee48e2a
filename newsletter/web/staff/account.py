"""One's own account: name, language, password, and what else there is to sign in with."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.accounts import own_account, passkeys, passwords, second_factor, sessions
from newsletter.accounts.errors import NameInvalid, PasswordRefused
from newsletter.accounts.passkeys import Site
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.accounts.staff import one
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, ways
from newsletter.web.staff.answers import PLACES, page
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import Allowed, Staff
from newsletter.web.staff.letters import sender_of

PATH = "/staff/account"

router = APIRouter()

Self = Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]
FreshSelf = Annotated[Staff, Depends(Allowed(OWN_ACCOUNT, fresh=True))]


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Self) -> Response:
    """Show everything about oneself."""
    return _page(staff)


@router.post(PATH)
def change(staff: Self, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Change name and language."""
    app = staff.visit.app
    try:
        with app.writing() as session:
            user = one(session, staff.user.id)
            own_account.change_details(
                session,
                user,
                name=form.text("name", most=500),
                language=form.text("language"),
                by=staff.by,
                now=app.now(),
            )
    except NameInvalid:
        return _page(staff, problem="name", status=400)
    return ways.redirect(staff.visit, PATH, done="saved")


@router.post(f"{PATH}/language")
def change_language(staff: Self, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Change the language, from the menu of any page, and go back there if it is a place of the navigation."""
    app = staff.visit.app
    with app.writing() as session:
        user = one(session, staff.user.id)
        own_account.change_details(
            session, user, name=user.name, language=form.text("language"), by=staff.by, now=app.now()
        )
    here = ways.back(staff.visit)
    return ways.redirect(staff.visit, here if here in {place.path for place in PLACES} else PATH)


@router.api_route(f"{PATH}/password", methods=["GET", "HEAD"])
def ask_password(staff: FreshSelf) -> Response:
    """Show the form of a new password."""
    return _password_page(staff)


@router.post(f"{PATH}/password")
def change_password(staff: FreshSelf, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Change the password; all other devices are signed out, and so is a copy of this one's cookie."""
    app, password = staff.visit.app, form.fields.get("password", "")
    try:
        passwords.check(password, address=staff.user.address, name=staff.user.name)
    except PasswordRefused as refused:
        return _password_page(staff, problem=refused.reason, status=400)
    hashed = passwords.hashed(password)
    with app.writing() as session:
        user = one(session, staff.user.id)
        own_account.set_password(
            session,
            user,
            hashed,
            keep_session=staff.session.id,
            sender=sender_of(session, app),
            by=staff.by,
            now=app.now(),
        )
        token = sessions.renewed(session, staff.session.id)
    answer = ways.redirect(staff.visit, PATH, done="password")
    cookies.write(answer, Cookie.SESSION, token, app.settings)
    return answer


def _page(staff: Staff, *, problem: str = "", status: int = 200) -> Response:
    with staff.visit.app.reading() as session:
        keys = passkeys.of(session, staff.user.id)
        left = second_factor.codes_left(session, staff.user.id)
    can_have = Site.of(staff.visit.app.settings.public_url).can_have_passkeys
    return page(
        staff,
        "account.html",
        status=status,
        problem=problem,
        passkeys=keys,
        codes_left=left,
        with_passkeys=can_have,
    )


def _password_page(staff: Staff, *, problem: str = "", status: int = 200) -> Response:
    return page(staff, "password.html", status=status, problem=problem, shortest=passwords.SHORTEST)
