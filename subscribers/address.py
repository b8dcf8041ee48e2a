"""What is an e-mail address, and when are two of them one mailbox?

    >>> anna = EmailAddress.parse("Anna.Schmidt@GMX.de")
    >>> anna.address, anna.key, anna.provider.value
    ('Anna.Schmidt@gmx.de', 'anna.schmidt@gmx.de', 'gmx-webde')
    >>> masked(anna.address)
    'A…@g…'

Checks the form alone; no name server is asked. A domain of one's own that Google or Microsoft runs
belongs to the group `other`, because only its MX record would tell.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from subscribers.errors import AddressInvalid

LOCAL_PART_LIMIT = 64  # RFC 5321 4.5.3.1.1
ADDRESS_LIMIT = 254  # RFC 3696 erratum 1690


class Provider(StrEnum):
    """Who runs the mailbox, as far as the domain tells; each group is paced by itself."""

    GMAIL = "gmail"
    MICROSOFT = "microsoft"
    YAHOO = "yahoo"
    GMX_WEBDE = "gmx-webde"
    T_ONLINE = "t-online"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A well-formed address.

    `address` is as the person wrote it, with the domain in the ASCII form that every mail server
    understands. `key` is the same for all spellings of one mailbox. `domain` is ASCII, lower case.
    """

    address: str
    key: str
    domain: str
    provider: Provider

    @classmethod
    def parse(cls, text: str) -> "EmailAddress":
        """Read one address without a name; spaces around it are dropped.

        Raises:
            AddressInvalid: the text is no address; its `reason` is a sentence for a person.
        """
        stripped = text.strip(_SPACES)
        local, _, domain = stripped.rpartition("@")
        if not _is_plainly_valid(stripped, local, domain):
            local, domain = _validated(stripped)
        domain = domain.lower()
        return cls(f"{local}@{domain}", f"{_folded(local)}@{domain}", domain, provider_of(domain))

    def __str__(self) -> str:
        return self.address


def parse_mailbox(text: str) -> tuple[str, EmailAddress]:
    """Read `Name <a@b>`, `"Name, with comma" <a@b>`, `<a@b>` or `a@b`: the name (may be empty) and the address.

    Raises:
        AddressInvalid: the address or the name is unusable.
    """
    stripped = text.strip(_SPACES)
    if not stripped.endswith(">"):
        return "", EmailAddress.parse(stripped)
    name, bracket, address = stripped[:-1].rpartition("<")
    if not bracket:
        raise AddressInvalid(text, "There is a closing angle bracket, but no opening one.")
    name = _unquoted(name.strip(_SPACES))
    if any(unicodedata.category(character) in _UNSAFE for character in name):
        raise AddressInvalid(text, "The name holds control characters.")
    return name, EmailAddress.parse(address)


def masked(address: str) -> str:
    """Show an address on a public page so that its owner knows it and nobody else learns it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain[:1]}…"


def provider_of(domain: str) -> Provider:
    """Tell the group of a lower-case ASCII domain."""
    return _PROVIDERS.get(domain, Provider.OTHER)


_SPACES = " \u00a0"
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}

# A plain address that this matches is accepted by email-validator too, forty times faster: what
# makes an import of a million rows bearable. A property test holds the two together.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*")
_PLAIN_DOMAIN = re.compile(r"(?:(?!..--)[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_RESERVED = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def _is_plainly_valid(text: str, local: str, domain: str) -> bool:
    return (
        len(text) <= ADDRESS_LIMIT
        and 0 < len(local) <= LOCAL_PART_LIMIT
        and _PLAIN_LOCAL.fullmatch(local) is not None
        and _PLAIN_DOMAIN.fullmatch(domain) is not None
        and domain.rpartition(".")[2].lower() not in _RESERVED
    )


def _validated(text: str) -> tuple[str, str]:
    """Give the local part (NFC) and the ASCII domain of whatever is valid in the long run of rules."""
    if not text:
        raise AddressInvalid(text, "It is empty.")
    if "@" not in text:
        raise AddressInvalid(text, "An @-sign is missing.")
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise AddressInvalid(text, str(error)) from error
    if found.ascii_domain is None:  # pragma: no cover  # only for bracketed IP addresses, which are refused above
        raise AddressInvalid(text, "Its domain is unusable.")
    local = unicodedata.normalize("NFC", text.rpartition("@")[0])
    return local, found.ascii_domain


def _folded(local: str) -> str:
    if local.isascii():
        return local.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", local).casefold())


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':  # noqa: PLR2004  # two quotation marks
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip(_SPACES)
    return name


_COUNTRIES = "at be ch co.uk de dk es fr ie it nl no pl pt se"
_DOMAINS = {
    Provider.GMAIL: "gmail.com googlemail.com",
    Provider.MICROSOFT: "hotmail.com live.com msn.com outlook.com passport.com windowslive.com",
    Provider.YAHOO: "aim.com aol.com myyahoo.com rocketmail.com yahoo.com ymail.com",
    Provider.GMX_WEBDE: "email.de gmx.biz gmx.com gmx.eu gmx.info gmx.net gmx.org web.de",
    Provider.T_ONLINE: "magenta.de t-online.de",
}
_NATIONAL = {
    Provider.MICROSOFT: ("hotmail", "live", "outlook"),
    Provider.YAHOO: ("aol", "yahoo"),
    Provider.GMX_WEBDE: ("gmx",),
}
_PROVIDERS = {domain: provider for provider, domains in _DOMAINS.items() for domain in domains.split()} | {
    f"{name}.{country}": provider
    for provider, names in _NATIONAL.items()
    for name in names
    for country in _COUNTRIES.split()
}
