"""Alerts by web hook: one POST of `{"alert": {…}}`, signed where a secret is set.

    HookChannel(url, secret="…", reach=Reach(), public_url=…, clock=now).tell(notice)

The signature is HMAC-SHA256 over the timestamp, a dot and the body, so that neither can be exchanged and
an old post is known as old. It goes through the same gate as fetching news: public addresses
alone, unless a setting allows private ones. Redirects are not followed, for a POST to a stranger is not wanted.
"""

import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import httpcore
import httpx

from newsletter.alerting.channels import NotTold
from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.delivery.alerts.wording import words
from newsletter.network.addresses import Reach
from newsletter.network.connecting import (
    AddressRefused,
    Guard,
    GuardedTransport,
    Resolver,
    system_resolver,
    trusted,
)

LIMIT_S = 10.0
TIMESTAMP, SIGNATURE = "Newsletter-Timestamp", "Newsletter-Signature"
_USER_AGENT = "newsletter/0.1 (tells of alerts)"


class HookChannel:
    """Posts to one address."""

    medium = Medium.HOOK

    def __init__(
        self,
        url: str,
        *,
        secret: str,
        reach: Reach,
        public_url: str,
        clock: Callable[[], dt.datetime],
        resolve: Resolver = system_resolver,
        limit_s: float = LIMIT_S,
    ) -> None:
        """Take where to and how; `limit_s` is for the whole post, its answer included."""
        self._url = url
        self._secret = secret
        self._reach = reach
        self._public_url = public_url
        self._clock = clock
        self._resolve = resolve
        self._limit_s = limit_s

    def tell(self, notice: Notice) -> None:
        """Post it; whatever 2xx answers counts.

        Raises:
            NotTold: no such answer came in time.
        """
        body = json.dumps({"alert": _as_json(notice, self._public_url)}, ensure_ascii=False).encode()
        guard = Guard(self._reach, self._resolve, time.monotonic() + self._limit_s)
        try:
            with (
                httpx.Client(
                    transport=GuardedTransport(guard, trusted()), timeout=self._limit_s, trust_env=False
                ) as client,
                client.stream("POST", self._url, content=body, headers=self._headers(body)) as response,
            ):
                status = response.status_code
        except AddressRefused as refused:
            raise NotTold(
                "The web hook is in a private network, which NEWSLETTER_FETCH_PRIVATE=1 would allow."
            ) from refused
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise NotTold("The web hook takes too long to answer.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
            raise NotTold(f"The web hook cannot be reached: {error}") from error
        except httpx.InvalidURL as error:  # its words repeat the address, which may hold a secret
            raise NotTold("The address of the web hook cannot be read.") from error
        if not httpx.codes.is_success(status):
            raise NotTold(f"The web hook answers {status}.")

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock().timestamp()))
        headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, TIMESTAMP: timestamp}
        return headers | ({SIGNATURE: signature(self._secret, timestamp, body)} if self._secret else {})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header holds: `sha256=` and the HMAC in hexadecimal digits."""
    return f"sha256={hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _as_json(notice: Notice, public_url: str) -> dict[str, object]:
    said = words(notice.kind, notice.facts, language="en")
    return {
        "id": notice.alert_id,
        "key": notice.key,
        "kind": notice.kind.value,
        "title": said.title,
        "message": said.line,
        "mailing": notice.mailing_id,
        "raised_at": notice.raised_at.isoformat(timespec="seconds"),
        "last_at": notice.last_at.isoformat(timespec="seconds"),
        "count": notice.count,
        "link": f"{public_url}/",
    }
