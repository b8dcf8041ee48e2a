"""Links from mails: an invitation is accepted, a forgotten password is replaced, and one asks for such a link.

Opening a link changes nothing, since mail scanners open them; only the form does.
"""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends
from fastapi.responses import JSONResponse, Response

from newsletter.accounts import ceremonies, links, own_account, passkeys, passwords, signing_in
from newsletter.accounts.ceremonies import Kind
from newsletter.accounts.errors import LinkInvalid, LinkOver, NameInvalid, PasskeyRefused, PasswordRefused
from newsletter.accounts.models import LinkPurpose, StaffUser
from newsletter.accounts.passkeys import Site
from newsletter.accounts.staff import by_key
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.answers import open_page
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import anyone
from newsletter.web.staff.letters import sender_of
from newsletter.web.staff.passkeys import ANSWER_LIMIT, challenge_of
from newsletter.web.staff.signing_in import device_of, let_in
from newsletter.web.visit import Visit
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid

router = APIRouter()


@router.api_route("/staff/link/{token}", methods=["GET", "HEAD"])
def show(token: str, visit: Annotated[Visit, Depends(anyone)]) -> Response:
    """Show the form that the link is for."""
    try:
        with visit.app.reading() as session:
            link, user = links.find(session, token, secret=visit.app.secret, now=visit.app.now())
            return _form(visit, LinkPurpose(link.purpose), user, name=user.name)
    except (LinkInvalid, LinkOver) as error:
        return _over(visit, error)


@router.post("/staff/link/{token}")
def choose(token: str, visit: Annotated[Visit, Depends(anyone)], form: Annotated[Form, Depends(submitted)]) -> Response:
    """Take the name and the password, or the passkey."""
    app, now = visit.app, visit.app.now()
    password, name = form.fields.get("password", ""), form.text("name", most=500)
    try:
        with app.reading() as session:
            link, user = links.find(session, token, secret=app.secret, now=now)
            purpose = LinkPurpose(link.purpose)
        if purpose is LinkPurpose.INVITATION and form.text("credential"):
            return _accept_with_passkey(visit, token, form)
        try:
            passwords.check(password, address=user.address, name=name or user.name)
        except PasswordRefused as refused:
            return _form(visit, purpose, user, name=name, problem=refused.reason, status=400)
        hashed = passwords.hashed(password)
        if purpose is LinkPurpose.NEW_PASSWORD:
            return _replace_password(visit, token, hashed)
        return _accept(visit, token, name=name, password_hash=hashed)
    except NameInvalid:
        return _form(visit, purpose, user, name=name, problem="name", status=400)
    except (LinkInvalid, LinkOver) as error:
        return _over(visit, error)


@router.post("/staff/link/{token}/passkey")
def passkey_options(token: str, visit: Annotated[Visit, Depends(anyone)]) -> Response:
    """Give the browser what it needs to make a passkey for somebody who was invited."""
    app, now, site = visit.app, visit.app.now(), Site.of(visit.app.settings.public_url)
    if not trying.may(visit, (trying.PASSKEY_VISITOR, trying.visitor(visit))):
        return JSONResponse({}, 429)
    try:
        with app.writing() as session:
            _, user = links.find(session, token, secret=app.secret, now=now)
            options, challenge = passkeys.creation_options(user, (), site=site, secret=app.secret)
            step = ceremonies.begin(session, Kind.PASSKEY_NEW, user_id=user.id, facts={"challenge": challenge}, now=now)
    except (LinkInvalid, LinkOver):
        return JSONResponse({}, 410)
    answer = JSONResponse(options)
    cookies.write(answer, Cookie.STEP, step, app.settings)
    return answer


@router.api_route("/staff/forgotten", methods=["GET", "HEAD"])
def ask(visit: Annotated[Visit, Depends(anyone)]) -> Response:
    """Show the form of who has forgotten the password."""
    return open_page(visit, "forgotten.html", address="", problem="")


@router.post("/staff/forgotten")
def forgotten(
    visit: Annotated[Visit, Depends(anyone)],
    form: Annotated[Form, Depends(submitted)],
    after: BackgroundTasks,
) -> Response:
    """Mail a link, if the address is known; the answer does not tell, and is given before anything is done."""
    address = form.text("address", most=ADDRESS_LIMIT)
    if not trying.may(visit, (trying.SIGN_IN_VISITOR, trying.visitor(visit))):
        return open_page(visit, "forgotten.html", address=address, problem="often", status=429)
    after.add_task(_mail_link, visit, address)
    return open_page(visit, "forgotten_asked.html", address=address)


def _mail_link(visit: Visit, typed: str) -> None:
    app, now = visit.app, visit.app.now()
    try:
        address = EmailAddress.parse(typed)
    except AddressInvalid:
        return
    if not trying.may(visit, (trying.FORGOTTEN_ADDRESS, address.key)):
        return
    with app.writing() as session:
        user = by_key(session, address.key)
        if user is not None and user.active and user.accepted_at is not None:
            by = signing_in.oneself(user)
            own_account.forget_password(session, user, sender=sender_of(session, app), by=by, now=now)


def _accept(visit: Visit, token: str, *, name: str, password_hash: str) -> Response:
    app, now = visit.app, visit.app.now()
    with app.writing() as session:
        link, user = links.find(session, token, secret=app.secret, now=now)
        by = signing_in.oneself(user)
        own_account.accept(session, link, user, name=name, password_hash=password_hash, by=by, now=now)
        signed_in = signing_in.complete(session, user, device=device_of(visit), way="invitation", now=now)
    return let_in(visit, signed_in.token, to="/staff/account", done="welcome")


def _accept_with_passkey(visit: Visit, token: str, form: Form) -> Response:
    app, now, site = visit.app, visit.app.now(), Site.of(visit.app.settings.public_url)
    step = cookies.read(visit.request, Cookie.STEP, app.settings)
    try:
        with app.writing() as session:
            link, user = links.find(session, token, secret=app.secret, now=now)
            by = signing_in.oneself(user)
            begun = ceremonies.finish(session, step, Kind.PASSKEY_NEW, now=now)
            name = form.text("name", most=500)
            own_account.accept(session, link, user, name=name, password_hash="", by=by, now=now)
            passkeys.add(
                session,
                user,
                form.text("credential", most=ANSWER_LIMIT),
                challenge=challenge_of(begun, user.id),
                site=site,
                name=form.text("passkey_name"),
                sender=None,
                by=by,
                now=now,
            )
            signed_in = signing_in.complete(session, user, device=device_of(visit), way="invitation", now=now)
    except PasskeyRefused:
        return _form(visit, LinkPurpose.INVITATION, user, name=name, problem="passkey", status=400)
    return let_in(visit, signed_in.token, to="/staff/account", done="welcome")


def _replace_password(visit: Visit, token: str, password_hash: str) -> Response:
    """Change it and have the person sign in with it: a second factor is still asked for."""
    app, now = visit.app, visit.app.now()
    with app.writing() as session:
        link, user = links.find(session, token, secret=app.secret, now=now)
        if link.purpose != LinkPurpose.NEW_PASSWORD.value:
            raise LinkOver(link.purpose)
        by, sender = signing_in.oneself(user), sender_of(session, app)
        own_account.set_password(session, user, password_hash, keep_session=None, sender=sender, by=by, now=now)
    answer = ways.redirect(visit, ways.SIGN_IN, done="new-password")
    cookies.clear(answer, Cookie.SESSION, app.settings)
    return answer


def _form(
    visit: Visit, purpose: LinkPurpose, user: StaffUser, *, name: str, problem: str = "", status: int = 200
) -> Response:
    settings = visit.app.settings
    return open_page(
        visit,
        "accept.html" if purpose is LinkPurpose.INVITATION else "new_password.html",
        status=status,
        address=user.address,
        name=name,
        problem=problem,
        shortest=passwords.SHORTEST,
        with_passkeys=Site.of(settings.public_url).can_have_passkeys,
        provider=settings.file.oidc.name if settings.file.oidc else "",
    )


def _over(visit: Visit, error: LinkInvalid | LinkOver) -> Response:
    purpose = error.purpose if isinstance(error, LinkOver) else ""
    return open_page(visit, "link_over.html", status=410 if purpose else 404, purpose=purpose)
