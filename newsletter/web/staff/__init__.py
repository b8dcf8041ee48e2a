"""What the staff see: signing in, their account, users and roles, the audit log."""

from fastapi import APIRouter

from newsletter.web.staff import (
    account,
    again,
    audit,
    codes,
    guards,
    invited,
    passkeys,
    provider,
    sessions,
    signing_in,
    start,
    users,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    room.router
    for room in (start, signing_in, invited, provider, again, account, codes, passkeys, sessions, users, audit)
)
guards.require(ROUTERS)
