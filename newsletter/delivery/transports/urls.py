"""What the setting NEWSLETTER_SMTP_URL says.

    >>> parse("smtp://mail.example.org?tls=required&connections=4").connections
    4
    >>> parse("maildir:var/maildir")
    MaildirUrl(folder=PosixPath('var/maildir'))

Options of `smtp://`: `tls` (required, opportunistic, none), `connections`, `ca` (a file of
certificates to trust beside the system's), `name` (what we call ourselves in EHLO). User and
password are percent-encoded. The URL may hold a password, so no message repeats it.
"""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import assert_never
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from newsletter.errors import NewsletterError

RELAY_PORT, SUBMISSION_PORT, TLS_PORT = 25, 587, 465  # RFC 5321, 6409, 8314
CONNECTIONS = 1
CONNECTIONS_LIMIT = 100
NAME_LIMIT = 200  # characters, what the columns hold

_ENCODED = "in a password, / ? # and @ are %-encoded"


class TransportUrlInvalid(NewsletterError):
    """The URL of a transport cannot be meant so."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The URL of a relay (NEWSLETTER_SMTP_URL, or url in a [[relay]]) is unusable: {reason}")
        self.reason = reason


class Tls(StrEnum):
    """How a connection is encrypted."""

    REQUIRED = "required"  # STARTTLS with a verified certificate, or nothing is sent
    OPPORTUNISTIC = "opportunistic"  # STARTTLS where offered, whoever it is (RFC 7435)
    NONE = "none"
    IMPLICIT = "implicit"  # smtps://: TLS from the first octet, certificate verified


@dataclass(frozen=True, slots=True)
class SmtpUrl:
    """A relay and how to speak to it."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    connections: int = CONNECTIONS
    ca_file: Path | None = None
    ehlo_name: str | None = None

    @property
    def name(self) -> str:
        """How the relay is called in the ledger; without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return shortened(f"{host}:{self.port}")


@dataclass(frozen=True, slots=True)
class MaildirUrl:
    """A folder that messages are written to."""

    folder: Path


def shortened(name: str) -> str:
    """A relay's name as the ledger keeps it: of a very long one, the beginning and the end."""
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT // 2 - 1]}…{name[-NAME_LIMIT // 2 :]}"


def parse(url: str) -> SmtpUrl | MaildirUrl:
    """Read a URL.

    Raises:
        TransportUrlInvalid: with one sentence on what to write instead.
    """
    scheme, _, rest = url.partition(":")
    match scheme.lower():
        case "maildir":
            return _maildir(rest)
        case "smtp" | "smtps":
            return _smtp(url)
        case _:
            raise TransportUrlInvalid("it must begin with smtp://, smtps:// or maildir:.")


def _maildir(rest: str) -> MaildirUrl:
    path = rest.removeprefix("//")
    if not path or "\0" in path:
        raise TransportUrlInvalid("maildir: needs a folder, as in maildir:var/maildir.")
    return MaildirUrl(Path(path))


def _smtp(url: str) -> SmtpUrl:
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise TransportUrlInvalid(f"the host or the port is malformed (a port is 1 to 65535); {_ENCODED}.") from None
    if not url.partition(":")[2].startswith("//") or not host or any(ord(letter) <= ord(" ") for letter in url):
        raise TransportUrlInvalid("a host is missing, as in smtp://mail.example.org:587.")
    if parts.path.strip("/") or parts.fragment:
        raise TransportUrlInvalid(f"nothing but ?options may follow the host; {_ENCODED}.")
    options = _options(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    tls = _tls(parts.scheme, options.get("tls"), host)
    if bool(user) != bool(password):
        raise TransportUrlInvalid("a user and a password belong together.")
    if user and tls is Tls.OPPORTUNISTIC:
        raise TransportUrlInvalid("a password is sent to a verified relay only: say tls=required.")
    return SmtpUrl(
        host=host,
        port=port or _default_port(tls, user),
        tls=tls,
        user=user,
        password=password,
        connections=_connections(options.get("connections")),
        ca_file=Path(options["ca"]) if "ca" in options else None,
        ehlo_name=options.get("name"),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    try:
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise TransportUrlInvalid("the options must look like ?tls=required&connections=10.") from None
    unknown = sorted(options.keys() - {"tls", "connections", "ca", "name"})
    if unknown:
        raise TransportUrlInvalid(f"there is no option “{unknown[0]}”; there are tls, connections, ca and name.")
    return options


def _tls(scheme: str, wanted: str | None, host: str) -> Tls:
    if scheme == "smtps":
        if wanted not in (None, Tls.REQUIRED):
            raise TransportUrlInvalid("smtps:// is always encrypted; for tls=none write smtp://.")
        return Tls.IMPLICIT
    if wanted is None:
        return Tls.NONE if _is_loopback(host) else Tls.REQUIRED
    if wanted not in (Tls.REQUIRED, Tls.OPPORTUNISTIC, Tls.NONE):
        raise TransportUrlInvalid("tls is required, opportunistic or none.")
    return Tls(wanted)


def _default_port(tls: Tls, user: str) -> int:
    match tls:
        case Tls.IMPLICIT:
            return TLS_PORT
        case Tls.REQUIRED | Tls.OPPORTUNISTIC | Tls.NONE:
            return SUBMISSION_PORT if user else RELAY_PORT
        case _:
            assert_never(tls)


def _connections(text: str | None) -> int:
    if text is None:
        return CONNECTIONS
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= CONNECTIONS_LIMIT:
        raise TransportUrlInvalid(f"connections is a number from 1 to {CONNECTIONS_LIMIT}.")
    return int(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
