"""What the sign-up form of a list asks beside the address: off, optional or required, field by field.

    form_fields.ask(session, news, {"region": "required"}, by=by, now=now)
    form_fields.of_list(news)["region"]  # Asked.REQUIRED

The address is always asked. `topics` are shown only while the list has some.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.errors import FormFieldInvalid
from subscribers.models import MailingList
from subscribers.orm import current


class Asked(StrEnum):
    """How a form asks for something."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


# In the order in which a form shows them, with what a list asks that never said anything.
DEFAULTS = {
    "salutation": Asked.OPTIONAL,
    "title": Asked.OFF,
    "first_name": Asked.OPTIONAL,
    "last_name": Asked.OPTIONAL,
    "organisation": Asked.OPTIONAL,
    "region": Asked.OFF,
    "topics": Asked.OFF,
    "language": Asked.OFF,
}


def of_list(mailing_list: MailingList) -> dict[str, Asked]:
    """How the list's form asks for each field, in the order in which it shows them."""
    said = mailing_list.form
    return {name: Asked(said.get(name, default)) for name, default in DEFAULTS.items()}


def ask(session: Session, mailing_list: MailingList, wanted: Mapping[str, str], *, by: Actor, now: dt.datetime) -> None:
    """Change how a list's form asks for some fields; the others stay.

    Raises:
        FormFieldInvalid: a name is no field, or a value none of `Asked`; nothing was changed.
    """
    by.require(MANAGE_PEOPLE)
    current(session, MailingList, mailing_list.id)
    for name, value in wanted.items():
        if name not in DEFAULTS or value not in set(Asked):
            raise FormFieldInvalid(name, value, fields=tuple(DEFAULTS))
    mailing_list.form = {**mailing_list.form, **wanted}
    audit.record(session, "list.form", f"list:{mailing_list.id}", by=by, now=now, **wanted)
