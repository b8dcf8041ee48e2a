"""The mails about a reader's own data: a link of one hour for each errand, and a note to an address left behind.

Plain, and silent about the person: nobody knows who reads the mailbox, and a mistyped address is a stranger's.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import ERRAND_PATH
from newsletter.i18n import translations
from newsletter.issues.models import Publication
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import Errand, MailingList, Subscriber, Subscription

FOLDER = "own_data"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an errand comes from: the list whose issue led to it, and in which language its reader is spoken to."""

    publication: Publication
    mailing_list: MailingList
    language: str


def send_link(
    session: Session,
    errand: Errand,
    subscription: Subscription,
    *,
    origin: Origin,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Mail the link to one errand to the person's address."""
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    mailings.send_system_mail(
        session,
        compiled(origin, errand),
        name=errand.value,
        address=subscriber.address,
        subscriber_id=subscriber.id,
        subscription_id=subscription.id,
        fields={ERRAND_PATH: f"{errand.value}/{token}"},
        by=by,
        now=now,
    )


def send_to_new_address(
    session: Session,
    address: EmailAddress,
    subscription: Subscription,
    *,
    origin: Origin,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Ask at an address that is not the person's yet; whether it may be mailed at all, the caller knows."""
    errand = Errand.NEW_ADDRESS
    mailings.send_system_mail(
        session,
        compiled(origin, errand),
        name=errand.value,
        address=address.address,
        subscriber_id=None,  # a mail to another address than the person's own would be excluded
        subscription_id=subscription.id,
        fields={ERRAND_PATH: f"{errand.value}/{token}"},
        by=by,
        now=now,
    )


def send_note(
    session: Session,
    before: EmailAddress,
    subscription: Subscription,
    *,
    origin: Origin,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Tell the mailbox where a person's mail went so far that it goes elsewhere now; not where."""
    mailings.send_system_mail(
        session,
        compiled(origin, None),
        name="address-changed",
        address=before.address,
        subscriber_id=None,
        subscription_id=subscription.id,
        fields={},
        by=by,
        now=now,
    )


def compiled(origin: Origin, errand: Errand | None) -> CompiledIssue:
    """The mail of one errand, list and language, the same for everybody; None is the note."""
    publication = origin.publication
    names = {"list": origin.mailing_list.name, "sender": publication.sender_name or publication.name}
    said = _words(errand, origin.language)
    return compile_system_mail(
        templates_folder() / "mail" / FOLDER,
        language=origin.language,
        sender=Mailbox(publication.sender_name, publication.sender_address),
        reply_to=Mailbox("", publication.reply_to) if publication.reply_to else None,
        facts={
            "title": said.title % names,
            "before": [line % names for line in said.before],
            "button": said.button,
            "after": [line % names for line in said.after],
            "imprint": publication.imprint.strip(),
        },
    )


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    before: tuple[str, ...]
    button: str
    after: tuple[str, ...]


def _words(errand: Errand | None, language: str) -> _Words:
    _ = translations(language).gettext
    valid = _("The link is valid for one hour.")
    match errand:
        case Errand.DOWNLOAD:
            return _Words(
                _("A copy of your data"),
                (
                    _("In the settings of “%(list)s” a copy of all data was asked for that %(sender)s keeps of you."),
                    _("If that was you, you find it here:"),
                ),
                _("See my data"),
                (valid, _("If it was not you, you need not do anything: nobody else gets your data.")),
            )
        case Errand.ERASE:
            return _Words(
                _("Delete your data"),
                (
                    _("In the settings of “%(list)s” it was asked to delete all data that %(sender)s keeps of you."),
                    _("If that was you, go on here. Nothing is deleted before you have pressed the button there:"),
                ),
                _("On to deletion"),
                (valid, _("If it was not you, you need not do anything: nothing is deleted.")),
            )
        case Errand.CHANGE_ADDRESS:
            return _Words(
                _("Another address for “%(list)s”"),
                (
                    _("In the settings of “%(list)s” it was asked to send to another address from now on."),
                    _("If that was you, enter the new address here:"),
                ),
                _("Enter the new address"),
                (valid, _("If it was not you, you need not do anything: nothing changes.")),
            )
        case Errand.NEW_ADDRESS:
            return _Words(
                _("Please confirm your new address"),
                (
                    _("This e-mail address was entered to receive “%(list)s” here from now on instead of elsewhere."),
                    _("Sender: %(sender)s"),
                    _("If that was you, please confirm here:"),
                ),
                _("Confirm the new address"),
                (valid, _("If it was not you, you need not do anything: without confirmation you receive nothing.")),
            )
        case None:
            return _Words(
                _("Your address was changed"),
                (_("What you receive from %(sender)s, such as “%(list)s”, goes to another address from now on."),),
                "",
                (_("If it was not you, please answer this e-mail: a person reads the answers."),),
            )
