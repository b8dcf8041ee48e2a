"""Wiring: settings become an `App` that commands, pages and workers share.

    app = App.open(Settings())
    with app.writing() as session:
        lists.create(session, "news", name="News", language="de", by=by, now=app.now())

The only reader of the clock.
"""

import datetime as dt
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TextIO, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import migrations
from newsletter.accounts import installation
from newsletter.database import Database, DatabaseUnusable, reason_of
from newsletter.engine.jobs import EngineJobs
from newsletter.issues.site import Site
from newsletter.settings import Settings
from subscribers.secret import Secret

if TYPE_CHECKING:  # most commands need none of it, and it takes half a second to import
    from newsletter.alerting.attendant import Attendant
    from newsletter.alerting.channels import Channel
    from newsletter.news.gathering import Gatherer
    from newsletter.readers.retention.running import Retention
    from subscribers.holders import Holder


@dataclass(frozen=True, slots=True)
class App:
    """One installation, opened."""

    settings: Settings
    database: Database
    secret: Secret

    @classmethod
    def open(cls, settings: Settings) -> "App":
        """Open an installation that `init` made.

        Raises:
            NotInitialised: there is none in the home folder.
            DatabaseUnusable: the database is of another version, or cannot be reached.
            SecretChanged: the database belongs to another secret.
            HomeOfAnother: the home belongs to another database.
        """
        secret = settings.secret
        database = Database(settings.database_url)
        try:
            current = migrations.is_current(database.engine)
            if current:
                with database.reading() as session:
                    installation.check(session, secret)
                    installation.check_home(session, settings.home)
        except SQLAlchemyError as error:
            raise DatabaseUnusable(f"The database cannot be opened: {reason_of(error)}") from error
        if not current:
            raise DatabaseUnusable("The database is of another version: `newsletter init` brings it up to date.")
        database.bind(EngineJobs(database, clock=now), templates=settings.template_folders())
        database.bind_holders(partial(_holders, settings))
        return cls(settings, database, secret)

    @property
    def site(self) -> Site:
        """What an issue needs to know of the installation to be rendered."""
        return Site(
            public_url=self.settings.public_url,
            folders=tuple(folder / "email" for folder in self.settings.template_folders()),
            media_folder=self.settings.media_folder,
            public_problems=self.settings.public_problems(),
        )

    @property
    def gatherer(self) -> "Gatherer":
        """What fetching news needs."""
        from newsletter.news.fetching import FetchPolicy  # noqa: PLC0415
        from newsletter.news.gathering import Gatherer  # noqa: PLC0415

        return Gatherer(FetchPolicy(allow_private=self.settings.fetch_private), self.settings.media_folder)

    def retention(self) -> "Retention":
        """What ends the keeping of personal data at its time."""
        from newsletter.readers.retention.clocks import clocks  # noqa: PLC0415
        from newsletter.readers.retention.running import Retention  # noqa: PLC0415

        return Retention(
            self.database,
            clocks(self.settings.retention),
            holders=_holders(self.settings),
            imports=self.settings.imports_folder,
            proof_files=self.settings.proofs_folder,
        )

    def attendant(self) -> "Attendant":
        """Who looks after alerts; to be entered beside whatever sends."""
        from newsletter.alerting.attendant import Attendant  # noqa: PLC0415

        return Attendant(self.database, self._channels(), clock=self.now, monotonic=time.monotonic)

    def now(self) -> dt.datetime:
        """The present moment, in UTC."""
        return now()

    def reading(self) -> AbstractContextManager[Session]:
        """A session on one snapshot."""
        return self.database.reading()

    def writing(self) -> AbstractContextManager[Session]:
        """A session that commits at its end."""
        return self.database.writing()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _channels(self) -> "tuple[Channel, ...]":
        """How people are told of alerts: by mail, and by web hook where there is one."""
        from newsletter.alerting.hook import HookChannel  # noqa: PLC0415
        from newsletter.alerting.mailing import MailChannel  # noqa: PLC0415
        from newsletter.network.addresses import Reach  # noqa: PLC0415

        told = self.settings.alerts
        mail = MailChannel(
            self.database,
            relay_urls=(told.smtp_url, *self.settings.relay_urls),
            mail_to=told.mail_to,
            mail_from=told.mail_from,
            public_url=self.settings.public_url,
            secret=self.secret,
            clock=self.now,
        )
        if not told.webhook:
            return (mail,)
        reach = Reach(allow_private=self.settings.fetch_private)
        return mail, HookChannel(
            told.webhook,
            secret=told.webhook_secret,
            reach=reach,
            public_url=self.settings.public_url,
            clock=self.now,
        )


def _holders(settings: Settings) -> "Sequence[Holder]":
    from newsletter.readers.holding import holders  # noqa: PLC0415

    return holders(
        keep_evidence=settings.retention.erased > 0,
        imports=settings.imports_folder,
        proof_files=settings.proofs_folder,
        relay_urls=settings.relay_urls,
    )


def configure_log() -> None:
    """Write the log to stderr, one JSON object a line, with the time in UTC."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )


class _Stderr:
    """Standard error, as long as that takes anything: a full disk must not end who sends."""

    def write(self, words: str) -> None:
        with suppress(OSError):
            sys.stderr.write(words)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def now() -> dt.datetime:
    """Read the clock; everything below takes the time as an argument."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # the one place that may
