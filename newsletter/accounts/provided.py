"""Who an OpenID provider has vouched for becomes a staff user who is signed in.

    user = provided.user_of(session, identity, create_role="", now=now)

It is the staff user with the verified address, who is tied to the provider's name for them at the first time: should
the provider ever give the address to somebody else, they do not come in. Nobody is made a staff user, unless a setting
says so.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import own_account
from newsletter.accounts.models import StaffGrant, StaffUser
from newsletter.accounts.oidc import Identity, ProviderRefused
from newsletter.accounts.signing_in import oneself
from newsletter.accounts.staff import by_key, one
from subscribers import audit
from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid


def user_of(session: Session, identity: Identity, *, create_role: str, language: str, now: dt.datetime) -> StaffUser:
    """The active staff user whom the provider vouches for, now tied to it.

    Raises:
        ProviderRefused: there is none, they are not active, or are tied to another name.
    """
    tied = session.scalar(select(StaffUser.id).where(StaffUser.oidc_subject == identity.subject))
    user = one(session, tied) if tied is not None else _by_address(session, identity)
    if user is None:
        user = _created(session, identity, create_role, language, now)
    if not user.active:
        raise ProviderRefused("this user is not active")
    if user.oidc_subject != identity.subject:
        if user.oidc_subject:
            raise ProviderRefused("it means somebody else by this address than before")
        user.oidc_subject = identity.subject
        audit.record(session, "staff.provider", f"staff:{user.id}", by=oneself(user), now=now)
    if not user.name:
        user.name = "".join(each for each in identity.name if each.isprintable()).strip()[:120]
    own_account.come(session, user, by=oneself(user), now=now)
    return user


def _by_address(session: Session, identity: Identity) -> StaffUser | None:
    try:
        known = by_key(session, EmailAddress.parse(identity.address).key)
    except AddressInvalid as error:
        raise ProviderRefused("it tells no address") from error
    return None if known is None else one(session, known.id)


def _created(session: Session, identity: Identity, role: str, language: str, now: dt.datetime) -> StaffUser:
    if not role:
        raise ProviderRefused("nobody with this address was invited")
    address = EmailAddress.parse(identity.address)
    user = StaffUser(address=address.address, address_key=address.key, language=language, active=True, created_at=now)
    session.add(user)
    session.flush()
    session.add(StaffGrant(user_id=user.id, publication_id=None, role=role))
    session.flush()
    audit.record(session, "staff.provider", f"staff:{user.id}", by=oneself(user), now=now, role=role)
    return user
