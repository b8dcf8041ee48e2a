"""What `newsletter.toml` in the home says: what does not fit into one variable of the environment.

    [[relay]]
    url = "smtp://user:pass@mail.example.org:587?connections=10"

    [alerts]
    mail_to = ["ana@example.org"]
    webhook = "https://chat.example.org/hooks/newsletter"

    [retention]
    deliveries = 180

Each mistake is one sentence with the file and, where it can be found, the line. The values are
secrets, or may hold some, so no sentence repeats them.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from newsletter.errors import NewsletterError
from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid

NAME = "newsletter.toml"
SHORTEST_SECRET = 16  # characters; what is shorter can be guessed from one signed body

RELAY, ALERTS, RETENTION, OIDC, URL = "relay", "alerts", "retention", "oidc", "url"

MOST_DAYS = 36_500
# A confirmation mail counts for 14 days: who presses its button must find what was asked for.
LEAST_DAYS = {"unconfirmed": 15, "erased": 0}


class SettingsFileInvalid(NewsletterError):
    """The file of settings cannot be read, or cannot be meant so."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        super().__init__(f"{path}{f', line {line}' if line else ''}: {reason}.")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is told when something waits for a person; empty where nothing is said.

    `smtp_url` is the relay that alerts go over, `webhook` where they are posted, signed with `webhook_secret`.
    """

    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    webhook: str = field(default="", repr=False)  # many hold their password in the path
    webhook_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How many days each kind of data about people is kept; `newsletter.readers.retention` says since when."""

    unconfirmed: int = 30
    new_addresses: int = 1
    imported: int = 365
    left: int = 3 * 365
    erased: int = 0
    deliveries: int = 365
    system_mails: int = 30
    audit: int = 3 * 365
    alerts: int = 365
    bad_rows: int = 30


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An OpenID provider that staff may sign in with.

    `client_secret_file` is a path, from the home; empty for a public client. Only verified addresses of the
    `domains` count; without any, all. Who signs in and is no staff user yet becomes one with `create_role`,
    if that is said.
    """

    issuer: str
    client_id: str
    client_secret_file: str = ""
    name: str = "OpenID"
    domains: tuple[str, ...] = ()
    create_role: str = ""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """Everything the file says; the URLs of the relays in its order."""

    relay_urls: tuple[str, ...] = field(default=(), repr=False)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    oidc: OidcSettings | None = None


def read(path: Path) -> SettingsFile:
    """Read the file; one that is not there says nothing.

    Raises:
        SettingsFileInvalid: with the line where that is known.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return SettingsFile()
    except UnicodeDecodeError:
        raise SettingsFileInvalid(path, "it is not a text in UTF-8") from None
    except OSError as error:
        raise SettingsFileInvalid(path, f"it cannot be read ({error.strerror or error})") from None
    return _Reader(path, text).read()


def relay_url(value: object) -> str:
    """A relay's URL; what its parts say is judged when it is opened.

    Raises:
        ValueError: it begins like none.
    """
    if not isinstance(value, str) or not re.match(r"(?:smtps?://|maildir:)\S", value, re.IGNORECASE):
        raise ValueError("the url of a relay begins with smtp://, smtps:// or maildir:")
    return value


def web_hook(value: object) -> str:
    """The address that alerts are posted to.

    Raises:
        ValueError: it is no address of the web, not encrypted, or holds a user or a password.
    """
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("the web hook is no address of the web") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("the web hook is no address of the web, such as https://chat.example.org/hook")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("the web hook must be https; http is for this machine alone")
    if parts.username or parts.password:
        raise ValueError("the web hook has a user or a password; sign with webhook_secret instead")
    return str(value)


def hook_secret(value: object) -> str:
    """What posts are signed with.

    Raises:
        ValueError: it could be guessed.
    """
    if not isinstance(value, str) or len(value) < SHORTEST_SECRET:
        raise ValueError(f"the secret of the web hook has at least {SHORTEST_SECRET} characters")
    return value


def address(value: object) -> str:
    """One e-mail address.

    Raises:
        ValueError: it is none.
    """
    try:
        return EmailAddress.parse(value if isinstance(value, str) else "").address
    except AddressInvalid as error:
        raise ValueError(str(error).rstrip(".")) from None


def addresses(value: object) -> tuple[str, ...]:
    """E-mail addresses, each once.

    Raises:
        ValueError: it is no list, or one of them is no address.
    """
    if not isinstance(value, list | tuple):
        raise ValueError('addresses are a list, as in mail_to = ["ana@example.org"]')  # noqa: TRY004  # told to a person
    return tuple(dict.fromkeys(address(each) for each in value))


def days(value: object, *, at_least: int) -> int:
    """A number of days.

    Raises:
        ValueError: it is none, or too small or too large to be meant.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= MOST_DAYS:
        raise ValueError(f"days are a whole number from {at_least} to {MOST_DAYS}")
    return value


def issuer(value: object) -> str:
    """The address of an OpenID provider, without a final slash.

    Raises:
        ValueError: it is no address of the web, or not encrypted.
    """
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.query or parts.fragment or parts.username:
        raise ValueError("the issuer is no address of the web, such as https://login.example.org")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("the issuer must be https; http is for this machine alone")
    return str(value)


def line(value: object) -> str:
    """A text that is not empty.

    Raises:
        ValueError: it is no text, empty, or has several lines.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("this is a text of one line")
    return value.strip()


def domains(value: object) -> tuple[str, ...]:
    """Domains of addresses, small letters.

    Raises:
        ValueError: it is no list, or one of them is no domain.
    """
    if not isinstance(value, list):
        raise ValueError('domains are a list, as in domains = ["example.org"]')  # noqa: TRY004  # told to a person
    found = tuple(each.lower() for each in value if isinstance(each, str) and re.fullmatch(r"[^\s@]+\.[^\s@]+", each))
    if len(found) != len(value):
        raise ValueError("a domain is written like example.org")
    return found


def staff_role(value: object) -> str:
    """A role of the staff that may be given to strangers.

    Raises:
        ValueError: it is none, or one that manages others.
    """
    if value not in {"editor", "approver", "list admin"}:
        raise ValueError("create_role is one of editor, approver, list admin")
    return str(value)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


_IN_ALERTS: dict[str, Callable[[object], Any]] = {
    "smtp_url": relay_url,
    "mail_from": address,
    "mail_to": addresses,
    "webhook": web_hook,
    "webhook_secret": hook_secret,
}
_IN_RETENTION: dict[str, Callable[[object], Any]] = {
    each.name: partial(days, at_least=LEAST_DAYS.get(each.name, 1)) for each in fields(RetentionSettings)
}
_IN_OIDC: dict[str, Callable[[object], Any]] = {
    "issuer": issuer,
    "client_id": line,
    "client_secret_file": line,
    "name": line,
    "domains": domains,
    "create_role": staff_role,
}
_SHARES = {"weight", "cap", "connections", "name"}

_AT = re.compile(r"\(at (?:line (?P<line>[0-9]+)|end of document)")
_HEADER = re.compile(r"\s*\[{1,2}\s*\"?(?P<name>[\w-]+)\"?\s*\]{1,2}\s*(?:#.*)?$", re.ASCII)
_KEY = re.compile(r"\s*\"?(?P<name>[\w-]+)\"?\s*=", re.ASCII)

_Place = tuple[str, int, str]  # table, which one of that name, key; empty where there is none


class _Reader:
    """Reads one file, and knows where everything stands in it."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._lines = _places(text)

    def read(self) -> SettingsFile:
        try:
            parsed = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            self._refuse_toml(error)
        for name in parsed.keys() - {RELAY, ALERTS, RETENTION, OIDC}:
            there = "[[relay]], [alerts], [retention] and [oidc]"
            self._refuse(f"there is no {_shown(name)}; there are {there}", name, 0, "")
        return SettingsFile(
            self._relays(parsed.get(RELAY, [])),
            AlertSettings(**self._table(parsed.get(ALERTS, {}), ALERTS, _IN_ALERTS)),
            RetentionSettings(**self._table(parsed.get(RETENTION, {}), RETENTION, _IN_RETENTION)),
            self._oidc(parsed[OIDC]) if OIDC in parsed else None,
        )

    def _relays(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._refuse("a relay is written as [[relay]], in two brackets", RELAY, 0, "")
        urls = tuple(self._relay(number, each) for number, each in enumerate(value))
        for number, url in enumerate(urls):
            if url in urls[:number]:
                self._refuse("this relay stands here twice", RELAY, number, URL)
        return urls

    def _relay(self, number: int, table: Mapping[str, object]) -> str:
        for key in table.keys() - {URL}:
            hint = "; its share is the connections= in its url" if key in _SHARES else ""
            self._refuse(f"a relay has no {_shown(key)}, only url{hint}", RELAY, number, key)
        if URL not in table:
            self._refuse("this relay has no url", RELAY, number, "")
        return str(self._value(relay_url, table[URL], RELAY, number, URL))

    def _oidc(self, table: object) -> OidcSettings:
        said = self._table(table, OIDC, _IN_OIDC)
        for key in ("issuer", "client_id"):
            if key not in said:
                self._refuse(f"[oidc] has no {key}", OIDC, 0, "")
        return OidcSettings(**said)

    def _table(self, table: object, name: str, known: Mapping[str, Callable[[object], Any]]) -> dict[str, Any]:
        if not isinstance(table, dict):
            self._refuse(f"this is written as [{name}], in one pair of brackets", name, 0, "")
        for key in table.keys() - known.keys():
            self._refuse(f"[{name}] has no {_shown(key)}, only {', '.join(known)}", name, 0, key)
        return {key: self._value(known[key], value, name, 0, key) for key, value in table.items()}

    def _value(self, checked: Callable[[object], Any], value: object, table: str, number: int, key: str) -> Any:
        try:
            return checked(value)
        except ValueError as error:
            self._refuse(str(error), table, number, key)

    def _refuse(self, reason: str, *place: str | int) -> NoReturn:
        table, number, key = place
        line = self._lines.get((str(table), int(number), str(key))) or self._lines.get(("", 0, str(table)))
        raise SettingsFileInvalid(self._path, reason, line) from None

    def _refuse_toml(self, error: tomllib.TOMLDecodeError) -> NoReturn:
        """Only the place: the parser's own words quote keys, and a misplaced quote makes a URL one."""
        found = _AT.search(str(error))
        line = int(found["line"]) if found and found["line"] else self._text.count("\n") + 1
        raise SettingsFileInvalid(self._path, "this is no valid TOML; texts stand in quotation marks", line) from None


def _places(text: str) -> dict[_Place, int]:
    """The line of each table and key, as far as one can see without parsing: the first of each counts."""
    places: dict[_Place, int] = {}
    table, number = "", 0
    for line, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            table = header["name"]
            number = sum(1 for name, _, key in places if (name, key) == (table, ""))
            places[table, number, ""] = line
        elif key := _KEY.match(content):
            places.setdefault((table, number, key["name"]), line)
    return places


def _shown(key: str) -> str:
    """A key as it may be told; what does not look like one may be anything."""
    return f"“{key}”" if re.fullmatch(r"[\w-]{1,40}", key) else "such key"
