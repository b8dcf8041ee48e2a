"""Who may: each route of the staff web declares it, and one that does not keeps the program from starting.

    @router.post("/staff/users/{user_id}/roles")
    def roles(user_id: int, staff: Annotated[Staff, Depends(Allowed(MANAGE_STAFF, fresh=True))]) -> Response: ...

    @router.get("/staff/issues/{issue_id}")
    def show(staff: Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_issue("issue_id")))]) -> Response: ...

    @router.get("/staff/sign-in")
    def sign_in(visit: Annotated[Visit, Depends(anyone)]) -> Response: ...

What a permission is worth is decided by `accounts.roles` alone. `staff.by` is the actor for the route's publication.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import sessions, staff
from newsletter.accounts.roles import permissions_anywhere, permissions_of
from newsletter.accounts.sessions import Signed
from newsletter.accounts.staff import Member
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.issues.models import Issue, Publication
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.signing_up import publication_of
from newsletter.web.staff import cookies, ways
from newsletter.web.staff.cookies import Cookie
from newsletter.web.visit import Visit, visit_of
from subscribers import lists
from subscribers.actor import Actor, Permission
from subscribers.errors import ListNotFound

# Finds the publication that a request is about by the path's parameters; None where there is none.
FindPublication = Callable[[Session, Mapping[str, str]], int | None]
LARGEST_ID = 2**31 - 1
NOBODYS = 0  # the number of no publication
BY_ITSELF = "X-By-Itself"  # so scripts mark what they ask again and again: it keeps nobody signed in who is not there


class SignInDue(Exception):
    """Somebody must sign in first; `to` is where they wanted to go."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


class ProofDue(Exception):
    """Somebody signed in a while ago and must prove again who they are; `to` is where they wanted to go."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in and may do what the route is for.

    `by` acts on the route's publication, `everywhere` on the whole installation.
    """

    visit: Visit
    user: Member
    session: Signed
    by: Actor
    everywhere: Actor

    def on(self, publication_id: int) -> Actor:
        """They, acting on another publication."""
        return staff.actor_for(self.user.address, self.user.grants, publication_id=publication_id)

    def may_on(self, permission: Permission, publication_id: int | None) -> bool:
        """Tell whether they may on a publication, or with None on the whole installation."""
        return permission in permissions_of(self.user.grants, publication_id=publication_id)

    def may_anywhere(self, permission: Permission) -> bool:
        """Tell whether they may on the installation or on any publication."""
        return permission in permissions_anywhere(self.user.grants)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The guard of a route: somebody with a permission; `fresh` asks that they proved a while ago who they are.

    `anywhere` lets in who has it on any publication, as for a list of all: the route leaves out what is not theirs.
    `also` is another permission that is enough.
    """

    permission: Permission
    publication: FindPublication | None = None
    fresh: bool = False
    anywhere: bool = False
    also: Permission | None = None

    def __call__(self, request: Request) -> Staff:
        """Let in, or send away: to the sign-in page, to the page that asks for a proof, or with 403."""
        visit = visit_of(request)
        to = ways.local(request.url.path) if request.method in {"GET", "HEAD"} else ways.back(visit)
        found = find_staff(visit, publication=self.publication)
        if found is None:
            raise SignInDue(to)
        may = found.may_anywhere if self.anywhere else found.by.may
        if not any(may(each) for each in (self.permission, self.also) if each):
            raise HTTPException(403)
        now = visit.app.now()
        if self.fresh and not found.session.is_fresh(now):
            raise ProofDue(to)
        if found.session.is_stale(now) and BY_ITSELF not in request.headers:
            with visit.app.writing() as session:
                sessions.seen(session, found.session.id, now=now)
        return found


def find_staff(visit: Visit, *, publication: FindPublication | None = None) -> Staff | None:
    """Who is signed in in this browser; None for nobody.

    Raises:
        HTTPException: 404, where the path is about a publication that is none.
    """
    token = cookies.read(visit.request, Cookie.SESSION, visit.app.settings)
    if not token:
        return None
    with visit.app.reading() as session:
        signed = sessions.find(session, token, now=visit.app.now())
        user = None if signed is None else staff.member(session, signed.user_id)
        if signed is None or user is None:
            return None
        publication_id = None if publication is None else publication(session, visit.request.path_params)
    if publication is not None and publication_id is None:
        raise HTTPException(404)
    everywhere = staff.actor_for(user.address, user.grants, publication_id=None)
    by = staff.actor_for(user.address, user.grants, publication_id=publication_id)
    return Staff(visit, user, signed, by, everywhere)


class Anyone:
    """The guard of a route that is open to everybody, such as the sign-in page."""

    def __call__(self, request: Request) -> Visit:
        """Let in."""
        return visit_of(request)


anyone = Anyone()


def of_publication(parameter: str) -> FindPublication:
    """The publication whose slug is in the path."""

    def find(session: Session, path: Mapping[str, str]) -> int | None:
        slug = path[parameter]
        return session.scalar(select(Publication.id).where(Publication.slug == slug)) if slug.isprintable() else None

    return find


def of_issue(parameter: str) -> FindPublication:
    """The publication of the issue whose number is in the path."""

    def find(session: Session, path: Mapping[str, str]) -> int | None:
        number = path[parameter]
        if not (number.isascii() and number.isdecimal()) or int(number) > LARGEST_ID:
            return None
        return session.scalar(select(Issue.publication_id).where(Issue.id == int(number)))

    return find


def of_list(parameter: str) -> FindPublication:
    """The publication that the readers of the list get whose slug is in the path; the oldest where several share it.

    A list that has none belongs to nobody in particular: only who may everywhere may there.
    """

    def find(session: Session, path: Mapping[str, str]) -> int | None:
        try:
            return publication_of(session, lists.named(session, path[parameter])).id
        except ListNotFound:
            return None
        except ListNotOpen:
            return NOBODYS

    return find


def of_mailing(parameter: str) -> FindPublication:
    """The publication of the mailing whose number is in the path; tests and mails of the system have no page."""

    def find(session: Session, path: Mapping[str, str]) -> int | None:
        number = path[parameter]
        if not (number.isascii() and number.isdecimal()) or int(number) > LARGEST_ID:
            return None
        of_issue = select(Issue.publication_id).join(Mailing, Mailing.issue_id == Issue.id)
        return session.scalar(of_issue.where(Mailing.id == int(number), Mailing.kind == MailingKind.ISSUE.value))

    return find


def guard_of(route: APIRoute) -> Allowed | Anyone | None:
    """What a route declares; None where it declares nothing, or twice."""
    found = [call for call in _calls(route.dependant) if isinstance(call, Allowed | Anyone)]
    return found[0] if len(found) == 1 else None


def require(routers: Iterable[APIRouter]) -> None:
    """See that every route of the staff web declares who may.

    Raises:
        RuntimeError: one does not; the program is wrong and must not run.
    """
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute) or guard_of(route) is None:
                raise RuntimeError(f"{getattr(route, 'path', route)} does not declare who may; see web.staff.guards")


def _calls(dependant: Dependant) -> Iterable[object]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
