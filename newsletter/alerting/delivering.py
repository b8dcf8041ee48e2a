"""Telling what is due, over each channel, one alert after another.

    delivering.deliver(database, channels, clock=now)

Each notice is claimed in a transaction of its own, told outside any, and settled in another. So however
long a relay or a web hook takes, nobody waits for it but this thread.
"""

import datetime as dt
from collections.abc import Callable, Sequence

import structlog

from newsletter.alerting.channels import Channel, NotTold
from newsletter.database import Database
from newsletter.delivery.alerts import notices
from newsletter.delivery.alerts.notices import Notice
from newsletter.errors import NewsletterError

_log = structlog.get_logger(__name__)


def deliver(database: Database, channels: Sequence[Channel], *, clock: Callable[[], dt.datetime]) -> int:
    """Tell of everything that is due; give how many notices came through."""
    told = 0
    for channel in channels:
        with database.reading() as session:
            waiting = notices.due(session, channel.medium, now=clock())
        told += sum(_tell(database, channel, notice, clock=clock) for notice in waiting)
    return told


def _tell(database: Database, channel: Channel, notice: Notice, *, clock: Callable[[], dt.datetime]) -> bool:
    claimed_at = clock()
    with database.writing() as session:
        if not notices.claim(session, notice, now=claimed_at):
            return False
    was_told = _was_told(channel, notice)
    with database.writing() as session:
        notices.settle(session, notice, was_told=was_told, claimed_at=claimed_at, now=clock())
    return was_told


def _was_told(channel: Channel, notice: Notice) -> bool:
    try:
        channel.tell(notice)
    except NotTold as error:
        _log.warning("alert not told", alert=notice.alert_id, medium=notice.medium.value, reason=str(error))
        return False
    except NewsletterError as error:  # a URL or a template that is wrong; the next one may not be
        _log.error("alert cannot be told", alert=notice.alert_id, medium=notice.medium.value, reason=str(error))
        return False
    return True
