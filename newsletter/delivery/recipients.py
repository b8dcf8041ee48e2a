"""What a slot may ask of a recipient: the person's fields, and the person's own links.

    >>> fields = {"salutation": "Frau", "title": "Dr.", "last_name": "Müller"}
    >>> recipient_of("m@example.org", fields, language="de").salutation
    'Guten Tag Frau Dr. Müller'

The fields are those frozen when the mailing was planned, so that a message can be built again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.content.characters import on_one_line
from newsletter.delivery.models import MailingKind
from subscribers import tokens
from subscribers.secret import Secret

CONFIRM_TOKEN = "confirm_token"  # noqa: S105  # the name of a field, not a token
ERRAND_PATH = "errand_path"  # of the page of an errand, such as `download/7.abc`
UNDO_TOKEN = "undo_token"  # noqa: S105  # likewise
STAFF_LINK = "staff_link"  # the key of a link to somebody of the staff, which only counts once it is signed


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person, as slots see them: each field one line without control characters, empty where unknown.

    `salutation` is the whole greeting, such as `Guten Tag Frau Dr. Müller` or `Dear Dr Müller`.
    It is empty where no courteous one can be made, which is always so without a last name.
    """

    address: str
    salutation: str = ""
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one recipient's message; empty where the mail has none."""

    unsubscribe: str = ""
    preferences: str = ""
    view: str = ""
    confirm: str = ""
    errand: str = ""
    measuring: str = ""
    undo: str = ""
    staff: str = ""


class LinkMaker:
    """Makes the links of messages: each a page of ours with a signed token."""

    def __init__(self, secret: Secret, public_url: str) -> None:
        """Take the site's public URL without a final slash."""
        self._secret = secret
        self._public_url = public_url

    def links(
        self,
        kind: MailingKind,
        mailing_id: int,
        *,
        subscription_id: int | None = None,
        fields: Mapping[str, str] | None = None,
        is_measured: bool = False,
    ) -> Links:
        """The links of one message. A test can be neither left nor confirmed; a system mail has no page of its own.

        Only who is measured needs the link to stop it, and each link costs as much as a tenth of a message.
        """
        given = fields or {}
        return Links(
            unsubscribe=self._unsubscribe(kind, subscription_id),
            preferences=self._preferences(kind, subscription_id),
            view="" if kind is MailingKind.SYSTEM else self.view(mailing_id),
            confirm=self._page("confirm", given.get(CONFIRM_TOKEN, "")),
            errand=self._page("my-data", given.get(ERRAND_PATH, "")),
            measuring=self._measuring(kind, subscription_id) if is_measured else "",
            undo=self._page("undo", given.get(UNDO_TOKEN, "")),
            staff=self._staff(given.get(STAFF_LINK, "")),
        )

    def view(self, mailing_id: int) -> str:
        """The page that shows a mailing in the browser."""
        return f"{self._public_url}/view/{tokens.view(self._secret, mailing_id)}"

    def _page(self, name: str, token: str) -> str:
        return f"{self._public_url}/{name}/{token}" if token else ""

    def _staff(self, key: str) -> str:
        return f"{self._public_url}/staff/link/{tokens.staff_link(self._secret, key)}" if key else ""

    def _unsubscribe(self, kind: MailingKind, subscription_id: int | None) -> str:
        if kind is MailingKind.TEST:
            return f"{self._public_url}/leave/{tokens.leave_test(self._secret)}"
        if subscription_id is None:
            return ""
        return f"{self._public_url}/leave/{tokens.leave(self._secret, subscription_id)}"

    def _preferences(self, kind: MailingKind, subscription_id: int | None) -> str:
        if kind is MailingKind.TEST:
            return f"{self._public_url}/preferences/{tokens.preferences_test(self._secret)}"
        if subscription_id is None:
            return ""
        return f"{self._public_url}/preferences/{tokens.preferences(self._secret, subscription_id)}"

    def _measuring(self, kind: MailingKind, subscription_id: int | None) -> str:
        if kind is MailingKind.TEST:
            return f"{self._public_url}/measuring/{tokens.measuring_test(self._secret)}"
        if kind is MailingKind.SYSTEM or subscription_id is None:
            return ""
        return f"{self._public_url}/measuring/{tokens.measuring(self._secret, subscription_id)}"


def recipient_of(address: str, fields: Mapping[str, str], *, language: str) -> Recipient:
    """Make a recipient of a delivery's address and frozen fields, greeted in the language of the mail."""
    title, first, last = (_line(fields.get(name, "")) for name in ("title", "first_name", "last_name"))
    return Recipient(
        address=address,
        salutation=_greeting(language, _line(fields.get("salutation", "")), title, first, last),
        title=title,
        first_name=first,
        last_name=last,
        name=f"{first} {last}".strip(),
        organisation=_line(fields.get("organisation", "")),
    )


_FORMS = {
    "frau": {"de": "Frau", "en": "Ms"},
    "herr": {"de": "Herr", "en": "Mr"},
    "mrs": {"de": "Frau", "en": "Mrs"},
    "ms": {"de": "Frau", "en": "Ms"},
    "mr": {"de": "Herr", "en": "Mr"},
}


def _greeting(language: str, form: str, title: str, first: str, last: str) -> str:
    """German keeps the form before a title (Frau Dr. Müller), English drops it (Dr Müller)."""
    if not last:
        return ""
    known = _FORMS.get(form.casefold().rstrip("."), {})
    if language == "de":
        polite = " ".join(part for part in (known.get("de", ""), title) if part) or first
        return f"Guten Tag {polite} {last}" if polite else ""
    polite = title.replace(".", "") or known.get("en", "") or first
    return f"Dear {polite} {last}" if polite else ""


def _line(text: str) -> str:
    return text.strip() if text.isprintable() else on_one_line(text)
