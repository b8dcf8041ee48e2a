"""Signing in over the organisation's OpenID provider: there, and back.

The way there is a GET: browsers hold a form to the places it may be sent to through every redirect, and where a
provider sends people on to is its own business. It changes nothing but a row that waits for the answer.
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import RedirectResponse, Response

from newsletter.accounts import ceremonies, provided, sessions, signing_in
from newsletter.accounts.ceremonies import Ceremony, Kind
from newsletter.accounts.oidc import Identity, Provider, ProviderRefused
from newsletter.app import App
from newsletter.network.addresses import Reach
from newsletter.web.staff import cookies, trying, ways
from newsletter.web.staff.cookies import Cookie
from newsletter.web.staff.guards import anyone, find_staff
from newsletter.web.staff.signing_in import device_of, let_in
from newsletter.web.visit import Visit

PATH = "/staff/sign-in/provider"
BACK = f"{PATH}/back"

log = structlog.get_logger("newsletter.web.staff")

router = APIRouter()

Open = Annotated[Visit, Depends(anyone)]


@router.get(PATH)
def go(visit: Open) -> Response:
    """Send the browser to the provider."""
    provider = _provider(visit)
    if not trying.may(visit, (trying.SIGN_IN_VISITOR, trying.visitor(visit))):
        return ways.redirect(visit, ways.SIGN_IN, done="often")
    staff, query = find_staff(visit), visit.request.query_params
    again = staff is not None and bool(query.get("again"))
    try:
        begun = provider.begin(again=again)
    except ProviderRefused as refused:
        return _refused(visit, refused)
    facts: dict[str, object] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "to": ways.local(query.get("to", "")),
        "session": staff.session.id if again and staff else None,
    }
    with visit.app.writing() as session:
        step = ceremonies.begin(
            session,
            Kind.PROVIDER,
            user_id=staff.user.id if again and staff else None,
            facts=facts,
            now=visit.app.now(),
        )
    answer = RedirectResponse(begun.url, 303)
    cookies.write(answer, Cookie.STEP, step, visit.app.settings)
    return answer


@router.get(BACK)
def back(visit: Open) -> Response:
    """Take the provider's answer."""
    provider, app, query = _provider(visit), visit.app, visit.request.query_params
    with app.writing() as session:
        token = cookies.read(visit.request, Cookie.STEP, app.settings)
        begun = ceremonies.finish(session, token, Kind.PROVIDER, now=app.now())
    if begun is None or query.get("state", "") != begun.facts["state"]:
        return ways.redirect(visit, ways.SIGN_IN, done="over")
    try:
        identity = provider.finish(
            query.get("code", ""),
            nonce=str(begun.facts["nonce"]),
            verifier=str(begun.facts["verifier"]),
            issuer=query.get("iss", ""),
            now=app.now(),
        )
        return _proven(visit, begun, identity) if begun.user_id is not None else _let_in(visit, begun, identity)
    except ProviderRefused as refused:
        return _refused(visit, refused)


def _let_in(visit: Visit, begun: Ceremony, identity: Identity) -> Response:
    app, now = visit.app, visit.app.now()
    settings = app.settings.file.oidc
    role = settings.create_role if settings else ""
    with app.writing() as session:
        user = provided.user_of(session, identity, create_role=role, language=visit.language(), now=now)
        signed_in = signing_in.complete(session, user, device=device_of(visit), way="provider", now=now)
    return let_in(visit, signed_in.token, to=ways.local(str(begun.facts["to"])))


def _proven(visit: Visit, begun: Ceremony, identity: Identity) -> Response:
    """Somebody who was signed in has proven again who they are: just now, and as the same person."""
    app, now = visit.app, visit.app.now()
    if identity.proven_at is None or now - identity.proven_at > ceremonies.LIFETIME:
        raise ProviderRefused("it did not ask again who it is")
    with app.writing() as session:
        user = provided.user_of(session, identity, create_role="", language=visit.language(), now=now)
        if user.id != begun.user_id:
            raise ProviderRefused("it is somebody else")
        sessions.proven(session, int(begun.facts["session"]), now=now)
    return ways.redirect(visit, ways.local(str(begun.facts["to"])))


def _refused(visit: Visit, refused: ProviderRefused) -> Response:
    """Say little to the browser, and why to who runs this."""
    log.warning("provider refused", reason=refused.reason)
    return ways.redirect(visit, ways.SIGN_IN, done="provider-refused")


def _provider(visit: Visit) -> Provider:
    found: Provider | None = visit.request.app.state.provider
    if found is None:
        raise HTTPException(404)
    return found


def provider_of(app: App) -> Provider | None:
    """The provider that is set; None without one."""
    settings = app.settings
    if settings.file.oidc is None:
        return None
    return Provider(
        settings.file.oidc,
        settings.oidc_client_secret,
        redirect_uri=f"{settings.public_url}{BACK}",
        reach=Reach(allow_private=settings.fetch_private),
    )
