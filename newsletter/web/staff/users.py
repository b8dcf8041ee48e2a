"""The staff users: who they are, what they may do where, invitations, and whom to let in no longer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import managing, staff
from newsletter.accounts.errors import AlreadyStaff, LastAdmin, NameInvalid, NotOneself, StaffUserNotFound
from newsletter.accounts.models import StaffUser
from newsletter.accounts.roles import MANAGE_STAFF, Grant, Role
from newsletter.i18n import LANGUAGES
from newsletter.issues.models import Publication
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import LARGEST_ID, Allowed, Staff
from newsletter.web.staff.letters import sender_of
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid

PATH = "/staff/users"
ROLES = tuple(Role)

router = APIRouter()

Admin = Annotated[Staff, Depends(Allowed(MANAGE_STAFF))]
FreshAdmin = Annotated[Staff, Depends(Allowed(MANAGE_STAFF, fresh=True))]
Sent = Annotated[Form, Depends(submitted)]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a role may be held on: all publications (`key` is `all`), or one (its number)."""

    key: str
    publication_id: int | None
    name: str


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff_: Admin) -> Response:
    """List everybody."""
    with staff_.visit.app.reading() as session:
        members, names = staff.every(session), {scope.publication_id: scope.name for scope in _scopes(session)}
    return page(staff_, "users.html", members=members, names=names)


@router.api_route(f"{PATH}/invite", methods=["GET", "HEAD"])
def ask(staff_: FreshAdmin) -> Response:
    """Show the form of an invitation."""
    return _invite_form(staff_, Form())


@router.post(f"{PATH}/invite")
def invite(staff_: FreshAdmin, form: Sent) -> Response:
    """Invite somebody."""
    app, problem = staff_.visit.app, ""
    try:
        address = EmailAddress.parse(form.text("address", most=ADDRESS_LIMIT))
        with app.writing() as session:
            grants = _granted(form, _scopes(session))
            if not grants:
                return _invite_form(staff_, form, problem="roles")
            managing.invite(
                session,
                address,
                name=form.text("name", most=500),
                language=form.text("language") if form.text("language") in LANGUAGES else staff_.user.language,
                grants=grants,
                sender=sender_of(session, app),
                by=staff_.by,
                now=app.now(),
            )
    except AddressInvalid:
        problem = "address"
    except AlreadyStaff:
        problem = "known"
    except NameInvalid:
        problem = "name"
    return _invite_form(staff_, form, problem=problem) if problem else ways.redirect(staff_.visit, PATH, done="invited")


@router.api_route(f"{PATH}/{{user_id}}", methods=["GET", "HEAD"])
def detail(user_id: int, staff_: Admin) -> Response:
    """Show one of them, with the form of their roles."""
    return _detail(staff_, user_id)


@router.post(f"{PATH}/{{user_id}}/roles")
def set_roles(user_id: int, staff_: FreshAdmin, form: Sent) -> Response:
    """Give exactly the roles that are ticked."""

    def act(session: Session, user: StaffUser) -> None:
        grants = _granted(form, _scopes(session))
        managing.set_grants(session, user, grants, by=staff_.by, now=staff_.visit.app.now())

    return _acted(staff_, user_id, act, done="roles")


@router.post(f"{PATH}/{{user_id}}/deactivate")
def deactivate(user_id: int, staff_: FreshAdmin) -> Response:
    """Let somebody in no longer."""

    def act(session: Session, user: StaffUser) -> None:
        managing.deactivate(session, user, by=staff_.by, now=staff_.visit.app.now())

    return _acted(staff_, user_id, act, done="deactivated")


@router.post(f"{PATH}/{{user_id}}/reactivate")
def reactivate(user_id: int, staff_: FreshAdmin) -> Response:
    """Let somebody in again."""

    def act(session: Session, user: StaffUser) -> None:
        managing.reactivate(session, user, by=staff_.by, now=staff_.visit.app.now())

    return _acted(staff_, user_id, act, done="reactivated")


@router.post(f"{PATH}/{{user_id}}/invite-again")
def invite_again(user_id: int, staff_: FreshAdmin) -> Response:
    """Mail a new invitation."""
    app = staff_.visit.app

    def act(session: Session, user: StaffUser) -> None:
        managing.invite_again(session, user, sender=sender_of(session, app), by=staff_.by, now=app.now())

    return _acted(staff_, user_id, act, done="invited")


@router.post(f"{PATH}/{{user_id}}/reset-second-factor")
def reset_second_factor(user_id: int, staff_: FreshAdmin) -> Response:
    """Help somebody who has lost their phone."""
    app = staff_.visit.app

    def act(session: Session, user: StaffUser) -> None:
        managing.reset_second_factor(session, user, sender=sender_of(session, app), by=staff_.by, now=app.now())

    return _acted(staff_, user_id, act, done="reset")


def _acted(staff_: Staff, user_id: int, act: Callable[[Session, StaffUser], None], *, done: str) -> Response:
    """Do it to a user and go back to their page, which says so; or show why it cannot be done."""
    if user_id not in range(1, LARGEST_ID + 1):
        raise HTTPException(404)
    try:
        with staff_.visit.app.writing() as session:
            act(session, staff.one(session, user_id))
    except StaffUserNotFound:
        raise HTTPException(404) from None
    except LastAdmin:
        return _detail(staff_, user_id, problem="last-admin", status=409)
    except NotOneself:
        return _detail(staff_, user_id, problem="oneself", status=409)
    except AlreadyStaff:
        return _detail(staff_, user_id, problem="known", status=409)
    return ways.redirect(staff_.visit, f"{PATH}/{user_id}", done=done)


def _detail(staff_: Staff, user_id: int, *, problem: str = "", status: int = 200) -> Response:
    if user_id not in range(1, LARGEST_ID + 1):
        raise HTTPException(404)
    with staff_.visit.app.reading() as session:
        found, scopes = staff.member(session, user_id), _scopes(session)
    if found is None:
        raise HTTPException(404)
    held = {_field(grant.role, grant.publication_id) for grant in found.grants}
    return page(
        staff_,
        "user.html",
        status=status,
        member=found,
        scopes=scopes,
        roles=ROLES,
        held=held,
        problem=problem,
    )


def _invite_form(staff_: Staff, form: Form, *, problem: str = "") -> Response:
    with staff_.visit.app.reading() as session:
        scopes = _scopes(session)
    return page(
        staff_,
        "invite.html",
        status=400 if problem else 200,
        scopes=scopes,
        roles=ROLES,
        held={name for name in form.fields if name.startswith("role-")},
        told=form,
        problem=problem,
    )


def _scopes(session: Session) -> tuple[Scope, ...]:
    """What roles can be held on: everything, then each publication by name."""
    rows = session.execute(select(Publication.id, Publication.name).order_by(Publication.name, Publication.id))
    return (Scope("all", None, ""), *(Scope(str(number), number, name) for number, name in rows))


def _granted(form: Form, scopes: Sequence[Scope]) -> tuple[Grant, ...]:
    """The roles that are ticked; the names of the fields are made of what exists."""
    return tuple(
        Grant(role, scope.publication_id)
        for scope in scopes
        for role in ROLES
        if form.text(_field(role, scope.publication_id))
    )


def _field(role: Role, publication_id: int | None) -> str:
    return f"role-{role.value.replace(' ', '-')}-{publication_id or 'all'}"
