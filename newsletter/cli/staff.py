"""`newsletter staff …`: who works here, and what they may do."""

import click
import rich_click
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import links, managing, staff
from newsletter.accounts.errors import StaffUserNotFound
from newsletter.accounts.models import StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.accounts.staff import Member
from newsletter.alerting import addressees
from newsletter.app import App
from newsletter.cli.arguments import by_whom
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.i18n import LANGUAGES
from newsletter.issues import publications
from newsletter.issues.models import Publication
from newsletter.rendering.compiled import Mailbox
from subscribers.address import EmailAddress

_ROLES = click.Choice([role.value for role in Role])
_whom = click.argument("email", metavar="EMAIL")
_publication = click.option("--publication", "slug", metavar="SLUG", help="There alone; else on all publications.")


@click.group("staff", cls=rich_click.RichGroup)
def staff_group() -> None:
    """Who works here, and what they may do."""


@staff_group.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001
    """Show all staff users by name."""
    with opened() as app, app.reading() as session:
        members = staff.every(session)
        slugs = {row.id: row.slug for row in session.scalars(select(Publication))}
    if json_:
        show_json([_as_json(member, slugs) for member in members])
        return
    show_table(
        ("id", "address", "name", "state", "roles", "second factor", "last signed in"),
        (
            (
                member.id,
                member.address,
                member.name,
                member.state,
                ", ".join(_told(grant, slugs) for grant in member.grants),
                "yes" if member.has_second_factor else "no",
                f"{member.signed_in_at:%Y-%m-%d %H:%M}" if member.signed_in_at else "",
            )
            for member in members
        ),
        empty="There are no staff users. `newsletter init --admin EMAIL` makes the first one.",
    )


@staff_group.command()
@_whom
@click.option("--role", type=_ROLES, required=True, help="What they may do.")
@_publication
@click.option("--name", default="", help="How they are called.")
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Theirs.")
@by_whom
def invite(  # noqa: PLR0917  # Click passes them by name
    email: str, role: str, slug: str | None, name: str, language: str, address: str | None
) -> None:
    """Invite somebody by mail. The last line is the link of the mail, which works once, within seven days."""
    parsed = EmailAddress.parse(email)
    with opened() as app, app.writing() as session:
        link = managing.invite(
            session,
            parsed,
            name=name,
            language=language,
            grants=(_grant(session, role, slug),),
            sender=_sender(session, app),
            by=actor(session, address),
            now=app.now(),
        )
        url = links.url(link, secret=app.secret, public_url=app.settings.public_url)
    say(f"{parsed.address} is invited; a worker sends the mail.")
    click.echo(url)


@staff_group.command()
@_whom
@click.argument("role", type=_ROLES, metavar="ROLE")
@_publication
@click.option("--take-away", is_flag=True, help="Take the role away instead of giving it.")
@by_whom
def role(email: str, role: str, slug: str | None, take_away: bool, address: str | None) -> None:  # noqa: FBT001
    """Give somebody a role: editor, approver, "list admin" or admin."""
    with opened() as app, app.writing() as session:
        user = _user(session, email)
        changed = {_grant(session, role, slug)}
        held = set(staff.grants_of(session, user.id))
        wanted = held - changed if take_away else held | changed
        managing.set_grants(session, user, wanted, by=actor(session, address), now=app.now())
    click.echo(f"{email} is {'no longer ' if take_away else ''}{role}{f' of {slug}' if slug else ''}.")


@staff_group.command()
@_whom
@by_whom
def deactivate(email: str, address: str | None) -> None:
    """Let somebody in no longer; they are signed out everywhere."""
    with opened() as app, app.writing() as session:
        managing.deactivate(session, _user(session, email), by=actor(session, address), now=app.now())
    click.echo(f"{email} is deactivated.")


@staff_group.command()
@_whom
@by_whom
def reactivate(email: str, address: str | None) -> None:
    """Let somebody in again, with the roles they had."""
    with opened() as app, app.writing() as session:
        managing.reactivate(session, _user(session, email), by=actor(session, address), now=app.now())
    click.echo(f"{email} is active.")


@staff_group.command("reset-second-factor")
@_whom
@by_whom
def reset_second_factor(email: str, address: str | None) -> None:
    """Take somebody's passkeys, codes and recovery codes away, who has lost theirs; they are told by mail."""
    with opened() as app, app.writing() as session:
        user, sender = _user(session, email), _sender(session, app)
        managing.reset_second_factor(session, user, sender=sender, by=actor(session, address), now=app.now())
    click.echo(f"{email} signs in with the password alone and can set up a second factor again.")


@staff_group.command()
@_whom
@by_whom
def link(email: str, address: str | None) -> None:
    """Mail somebody a link to choose a password, for who is locked out. The last line is the link."""
    with opened() as app, app.writing() as session:
        user, sender = _user(session, email), _sender(session, app)
        made = managing.password_link(session, user, sender=sender, by=actor(session, address), now=app.now())
        url = links.url(made, secret=app.secret, public_url=app.settings.public_url)
    say(f"A link for {email} is made; a worker sends the mail.")
    click.echo(url)


def _user(session: Session, email: str) -> StaffUser:
    user = staff.by_key(session, EmailAddress.parse(email).key)
    if user is None:
        raise StaffUserNotFound(email)
    return staff.one(session, user.id)


def _grant(session: Session, role: str, slug: str | None) -> Grant:
    return Grant(Role(role), publications.named(session, slug).id if slug else None)


def _sender(session: Session, app: App) -> Mailbox:
    settings = app.settings
    return addressees.sender(
        session, mailing_id=None, mail_from=settings.alerts.mail_from, public_url=settings.public_url
    )


def _told(grant: Grant, slugs: dict[int, str]) -> str:
    return grant.role.value if grant.publication_id is None else f"{grant.role.value} of {slugs[grant.publication_id]}"


def _as_json(member: Member, slugs: dict[int, str]) -> dict[str, object]:
    return {
        "id": member.id,
        "address": member.address,
        "name": member.name,
        "language": member.language,
        "state": member.state,
        "roles": [
            {"role": grant.role.value, "publication": slugs[grant.publication_id] if grant.publication_id else None}
            for grant in member.grants
        ],
        "second_factor": member.has_second_factor,
        "signed_in_at": member.signed_in_at.isoformat() if member.signed_in_at else None,
    }
