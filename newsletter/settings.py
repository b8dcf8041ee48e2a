"""The settings, read once from the environment and from `newsletter.toml` in the home into one frozen value.

settings = Settings()
settings.database_url  # sqlite:///…/var/newsletter.db unless NEWSLETTER_DATABASE_URL says otherwise

What the environment says counts; the file (`settings_file`) is asked where it says nothing.
"""

import ipaddress
import re
import stat
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsletter import settings_file
from newsletter.errors import NewsletterError
from newsletter.i18n import N_
from newsletter.settings_file import AlertSettings, RetentionSettings, SettingsFile, is_loopback
from subscribers.secret import LENGTH_BYTES, Secret

NOT_REACHABLE = N_("NEWSLETTER_BASE_URL is %(url)s: readers need an https address they can reach.")
NOT_LINKED = N_("%(name)s is not set: every public page must link it.")

_HERE = Path(__file__).resolve().parent

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# A host source of a content security policy (CSP 3, section 2.3.1), with its scheme.
_SITE = re.compile(r"https?://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?/?")

_CHECKS = {
    "alerts_smtp": settings_file.relay_url,
    "alerts_mail_from": settings_file.address,
    "alerts_webhook": settings_file.web_hook,
    "alerts_webhook_secret": settings_file.hook_secret,
}


class SettingsInvalid(NewsletterError):
    """A setting is missing or cannot be meant so."""


class NotInitialised(NewsletterError):
    """The home folder holds no installation yet."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"There is no installation in {home}. `newsletter init --admin YOU@EXAMPLE.ORG` makes one.")
        self.home = home


class Settings(BaseSettings):
    """Everything that differs between two installations.

    Attributes:
        home: folder of database, secret and media.
        database: SQLAlchemy URL; empty means SQLite in the home.
        smtp: `smtp://user:pass@host:587?tls=required`, `smtps://…` or `maildir:PATH`; empty means a folder in the home.
        base_url: where readers reach the public pages, without a final slash.
        demo: allows a loopback base URL and missing legal pages, and says so.
        fetch_private: allows sources at private addresses.
        consent_ip: how much of a visitor's IP address is kept as evidence; truncated is /24 and /48.
        sign_ups_at_once, sign_ups_per_minute: how many a list takes from everybody together, in a burst and then.
        altcha: asks a small calculation of the browser with each sign-up, which keeps programs out.
        frame_ancestors: the sites that may show a sign-up form in a frame, parted by spaces; * is every site.
        undo_mail: whether whoever left gets a mail with a button that takes it back.
        lost_after_minutes: how long another machine's sender may be silent before what it holds is unknown.
        time_zone: the zone in which times are entered and shown where a mailing is scheduled, such as Europe/Berlin.
        trusted_proxies: addresses or networks, parted by commas, whose X-Forwarded-For is believed.
        templates: a folder of the site's own, laid over the shipped `templates`.
        alerts_smtp, alerts_mail_from, alerts_mail_to, alerts_webhook, alerts_webhook_secret: see `alerts`.

    Raises:
        SettingsFileInvalid: the file in the home cannot be meant so.
    """

    model_config = SettingsConfigDict(env_prefix="NEWSLETTER_", frozen=True, extra="ignore")

    home: Path = Path("var")
    database: str = Field(default="", repr=False, validation_alias="NEWSLETTER_DATABASE_URL")
    smtp: str = Field(default="", repr=False, validation_alias="NEWSLETTER_SMTP_URL")
    base_url: str = "http://127.0.0.1:8000"
    demo: bool = False
    fetch_private: bool = False
    imprint_url: str = ""
    privacy_url: str = ""
    accessibility_url: str = ""
    consent_ip: Literal["off", "truncated", "full"] = "truncated"
    sign_ups_at_once: int = Field(default=500, ge=1)
    sign_ups_per_minute: int = Field(default=60, ge=1, le=60_000)
    altcha: bool = False
    frame_ancestors: str = "*"
    undo_mail: bool = True
    lost_after_minutes: int = Field(default=15, ge=1)
    time_zone: str = "Europe/Berlin"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    templates: Path | None = None
    alerts_smtp: str = Field(default="", repr=False, validation_alias="NEWSLETTER_ALERTS_SMTP_URL")
    alerts_mail_from: str = ""
    alerts_mail_to: Annotated[tuple[str, ...], NoDecode] = ()
    alerts_webhook: str = Field(default="", repr=False)
    alerts_webhook_secret: str = Field(default="", repr=False)

    def model_post_init(self, context: object, /) -> None:
        """Read the file now, so that a mistake in it is told by the first command."""
        del context
        self.file  # noqa: B018  # kept once it was read

    @field_validator("alerts_smtp", "alerts_mail_from", "alerts_webhook", "alerts_webhook_secret")
    @classmethod
    def _meant_so(cls, value: str, info: ValidationInfo) -> str:
        return _CHECKS[info.field_name or ""](value) if value else ""

    @field_validator("alerts_mail_to", mode="before")
    @classmethod
    def _addressed(cls, value: object) -> tuple[str, ...]:
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        return settings_file.addresses(parts)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _parted(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # no such zone, no such name, a folder of zones
            raise ValueError(f"“{value}” is no time zone; write it like Europe/Berlin") from error
        return value

    @field_validator("frame_ancestors")
    @classmethod
    def _sites(cls, value: str) -> str:
        sites = value.split()
        if sites != ["*"] and not (sites and all(_SITE.fullmatch(site) for site in sites)):
            raise ValueError(f"“{value}” are no sites; write * or such as https://verein.example, parted by spaces")
        return " ".join(sites)

    @field_validator("imprint_url", "privacy_url", "accessibility_url")
    @classmethod
    def _linkable(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#\"<>]+(?:[/?#][^\s\"<>]*)?", value):
            raise ValueError(f"“{value}” is no address of the web, such as https://www.example.org/imprint")
        return value

    @field_validator("base_url")
    @classmethod
    def _of_the_web(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError(f"“{value}” is no address of the web, such as https://news.example.org")
        return value

    @cached_property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database or f"sqlite:///{(self.home / 'newsletter.db').resolve()}"

    @cached_property
    def file(self) -> SettingsFile:
        """What `newsletter.toml` says."""
        return settings_file.read(self.home / settings_file.NAME)

    @cached_property
    def relay_urls(self) -> tuple[str, ...]:
        """Where mail goes: the relay of the environment, else those of the file in order, else a folder."""
        return ((self.smtp,) if self.smtp else self.file.relay_urls) or (f"maildir:{self.home / 'maildir'}",)

    @property
    def smtp_url(self) -> str:
        """The first of the relays."""
        return self.relay_urls[0]

    @property
    def has_relay(self) -> bool:
        """Whether anybody said where mail goes."""
        return bool(self.smtp or self.file.relay_urls)

    @cached_property
    def alerts(self) -> AlertSettings:
        """Who is told when something waits for a person; `smtp_url` is never empty.

        Where none is set, that is the second relay, for the first may be what failed; else the first.
        """
        said = self.file.alerts
        return AlertSettings(
            smtp_url=self.alerts_smtp or said.smtp_url or self.relay_urls[:2][-1],
            mail_from=self.alerts_mail_from or said.mail_from,
            mail_to=self.alerts_mail_to or said.mail_to,
            webhook=self.alerts_webhook or said.webhook,
            webhook_secret=self.alerts_webhook_secret or said.webhook_secret,
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the installation's clocks."""
        return ZoneInfo(self.time_zone)

    @property
    def retention(self) -> RetentionSettings:
        """How long each kind of data about people is kept."""
        return self.file.retention

    @cached_property
    def imports_folder(self) -> Path:
        """Where imports keep rows that could not be taken."""
        return self.home / "imports"

    @cached_property
    def proofs_folder(self) -> Path:
        """Where files are kept that prove what people agreed to."""
        return self.home / "proofs"

    @cached_property
    def media_folder(self) -> Path:
        """Where imported pictures lie."""
        return self.home / "media"

    @cached_property
    def public_url(self) -> str:
        """The base URL without a final slash."""
        return self.base_url.rstrip("/")

    @cached_property
    def is_loopback(self) -> bool:
        """Whether the public pages can be reached from this machine alone."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    @cached_property
    def secret(self) -> Secret:
        """The installation's secret.

        Raises:
            NotInitialised: there is no secret file yet.
        """
        path = self.home / "secret"
        try:
            text = path.read_text("ascii").strip()
        except FileNotFoundError:
            raise NotInitialised(self.home) from None
        return Secret(_secret_bytes(text, path))

    @cached_property
    def journal_folder(self) -> Path:
        """Where senders keep their journals: a disk of this machine, even where the database is elsewhere."""
        return self.home / "journal"

    def template_folders(self) -> tuple[Path, ...]:
        """Where templates are looked for: the site's own folder first, then the shipped one."""
        own = (self.templates,) if self.templates else ()
        return (*own, templates_folder())

    @cached_property
    def oidc_client_secret(self) -> str:
        """What the OpenID provider knows us by; empty for a public client.

        Raises:
            SettingsInvalid: its file is missing, or empty.
        """
        if self.file.oidc is None or not self.file.oidc.client_secret_file:
            return ""
        path = self.home / self.file.oidc.client_secret_file
        try:
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            raise SettingsInvalid(f"{path} does not hold the client secret that [oidc] names it for.")
        return text

    def private_problems(self) -> tuple[str, ...]:
        """What of the file's secrets others on this machine can read."""
        oidc = self.file.oidc
        paths = [self.home / name for name in (settings_file.NAME, oidc.client_secret_file if oidc else "") if name]
        return tuple(
            f"{path} may hold passwords and others can read it: chmod 600 {path}."
            for path in paths
            if path.is_file() and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
        )

    def public_problems(self) -> tuple[str, ...]:
        """What keeps the public pages from being lawful and reachable; empty in the demo."""
        if self.demo:
            return ()
        problems = []
        if urlsplit(self.public_url).scheme != "https" or self.is_loopback:
            problems.append(NOT_REACHABLE % {"url": self.public_url})
        missing = [name for name in ("imprint_url", "privacy_url", "accessibility_url") if not getattr(self, name)]
        problems += [NOT_LINKED % {"name": f"NEWSLETTER_{name.upper()}"} for name in missing]
        return tuple(problems)


def templates_folder() -> Path:
    """The folder `templates`: shipped inside the installed package, or beside it in a checkout."""
    shipped = _HERE / "templates"
    return shipped if shipped.is_dir() else _HERE.parent / "templates"


def _secret_bytes(text: str, path: Path) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) < LENGTH_BYTES:
        raise SettingsInvalid(f"{path} does not hold {2 * LENGTH_BYTES} hexadecimal digits; restore it from a backup.")
    return value
