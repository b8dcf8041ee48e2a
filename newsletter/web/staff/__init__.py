"""What the staff see: signing in, their account, users and roles, the audit log."""

from fastapi import APIRouter

from newsletter.web.staff import (
    account,
    again,
    alerts,
    audit,
    codes,
    guards,
    invited,
    issues,
    lists,
    passkeys,
    provider,
    publications,
    sessions,
    signing_in,
    sources,
    start,
    texts,
    users,
)
from newsletter.web.staff.composer import history
from newsletter.web.staff.composer import routes as composer
from newsletter.web.staff.mailings import course, recipients, remedies
from newsletter.web.staff.sending import routes as sending

ROUTERS: tuple[APIRouter, ...] = tuple(
    room.router
    for room in (
        start,
        composer,
        history,
        publications,
        sources,
        alerts,
        lists,
        texts,
        sending,
        issues,
        course,
        recipients,
        remedies,
        signing_in,
        invited,
        provider,
        again,
        account,
        codes,
        passkeys,
        sessions,
        users,
        audit,
    )
)
guards.require(ROUTERS)
