"""One address of the web, asked politely and with limits.

    fetched = fetch("https://www.example.org/news.rss", etag=source.etag, policy=FetchPolicy())
    if fetched.status is Status.OK:
        fetched.body

Limits hold for what a stranger's server can do: size (of the inflated body, counted while it
comes), time (of the whole), redirects, and where they lead (`network.connecting`). Nothing is taken
from the environment but the certificates to trust.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import httpcore
import httpx

from newsletter.errors import NewsletterError
from newsletter.network.addresses import Address, is_public
from newsletter.network.connecting import AddressRefused, Guard, GuardedTransport, Resolver, system_resolver, trusted
from newsletter.news import inflating
from newsletter.news.troubles import Trouble

_MEGABYTE = 1_000_000
_LONGEST_VALIDATOR = 100  # characters; what is longer is no use to us, and asking unconditionally is always right
_USER_AGENT = "newsletter/0.1 (imports published news)"


class FetchFailed(NewsletterError):
    """An address gave nothing that can be used; `reason` is a clause that ends the sentence.

    `trouble` is its kind, and `detail` what the other side said, if that helps.
    """

    def __init__(self, url: str, reason: str, trouble: Trouble, *, detail: str = "") -> None:
        super().__init__(f"{url} cannot be fetched: {reason}.")
        self.url = url
        self.reason = reason
        self.trouble = trouble
        self.detail = detail


class PrivateAddress(FetchFailed):
    """An address, or one it redirects to, is inside a private network, and no setting allows that."""


class Status(StrEnum):
    """What came."""

    OK = "ok"
    NOT_MODIFIED = "not modified"


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What a fetch may cost, and where it may go.

    `resolve` gives the addresses of a host and port; none means that there is no such host.
    """

    allow_private: bool = False
    limit_bytes: int = 10 * _MEGABYTE
    limit_seconds: float = 30
    limit_redirects: int = 5
    resolve: Resolver = system_resolver

    def allows(self, address: Address) -> bool:
        """Tell whether an address may be asked."""
        return self.allow_private or is_public(address)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `url` is where it came from after redirects; `charset` is that of the header, or empty.

    `etag` and `last_modified` are to be sent with the next fetch; a NOT_MODIFIED has neither them nor a body.
    """

    url: str
    status: Status
    body: bytes = b""
    content_type: str = ""
    charset: str = ""
    etag: str = ""
    last_modified: str = ""


def fetch(
    url: str, *, policy: FetchPolicy, etag: str = "", last_modified: str = "", accept: frozenset[str] = frozenset()
) -> Fetched:
    """Get what an address holds; with `etag` or `last_modified`, only if it changed since.

    `accept` are the media types that are of use, empty for all; others are refused before the
    body comes. An answer that names no type passes.

    Raises:
        PrivateAddress: the host, or one of a redirect, is in a private network.
        FetchFailed: no answer, a bad one, too large, too slow, too many redirects, or of the wrong type.
    """
    headers = {"Accept-Encoding": inflating.ACCEPTED, "User-Agent": _USER_AGENT}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": last_modified} if last_modified else {}
    guard = Guard(policy, policy.resolve, time.monotonic() + policy.limit_seconds)
    with (
        _told_about(url),
        httpx.Client(
            transport=GuardedTransport(guard, trusted()),
            headers=headers,
            timeout=policy.limit_seconds,
            trust_env=False,
        ) as client,
    ):
        return _follow(client, url, policy=policy, accept=accept)


@contextmanager
def _told_about(url: str) -> Iterator[None]:
    """Turn what the libraries raise into one sentence."""
    try:
        yield
    except AddressRefused as refused:
        reason = f"{refused} in a private network, which NEWSLETTER_FETCH_PRIVATE=1 would allow"
        raise PrivateAddress(url, reason, Trouble.PRIVATE) from refused
    except (httpcore.TimeoutException, httpx.TimeoutException) as error:
        raise FetchFailed(url, "the answer takes too long", Trouble.SLOW) from error
    except (httpcore.ConnectError, httpx.ConnectError) as error:
        raise FetchFailed(url, f"no connection ({error})", Trouble.UNREACHABLE) from error
    except inflating.NotInflatable as error:
        raise FetchFailed(url, f"its answer cannot be unpacked, {error}", Trouble.BROKEN) from error
    except httpx.InvalidURL as error:
        raise FetchFailed(url, f"the address cannot be read ({error})", Trouble.ADDRESS) from error
    except (httpx.HTTPError, httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise FetchFailed(url, f"the server does not answer properly ({error})", Trouble.BROKEN) from error


def _follow(client: httpx.Client, url: str, *, policy: FetchPolicy, accept: frozenset[str]) -> Fetched:
    current = _checked(url, httpx.URL(url))
    seen = {current}
    for _ in range(policy.limit_redirects + 1):
        with client.stream("GET", current) as response:
            target = response.headers.get("location")
            if not response.has_redirect_location or not target:
                return _answer(url, response, policy=policy, accept=accept)
        current = _checked(url, current.join(target))
        if current in seen:
            raise FetchFailed(url, "its redirects lead in a circle", Trouble.REDIRECTS)
        seen.add(current)
    raise FetchFailed(url, f"it redirects more than {policy.limit_redirects} times", Trouble.REDIRECTS)


def _checked(url: str, target: httpx.URL) -> httpx.URL:
    if target.scheme not in {"http", "https"}:
        raise FetchFailed(url, f"only http and https addresses can, not “{target.scheme}”", Trouble.ADDRESS)
    if not target.host:
        raise FetchFailed(url, "the address names no host", Trouble.ADDRESS)
    if target.userinfo:
        raise FetchFailed(url, "addresses with a user name or password are not asked", Trouble.ADDRESS)
    return target.copy_with(fragment=None)


def _answer(url: str, response: httpx.Response, *, policy: FetchPolicy, accept: frozenset[str]) -> Fetched:
    status = response.status_code
    conditional = {"if-none-match", "if-modified-since"} & set(response.request.headers)
    if status == HTTPStatus.NOT_MODIFIED and conditional:
        return Fetched(str(response.url), Status.NOT_MODIFIED)
    if status != HTTPStatus.OK:
        raise FetchFailed(url, f"the server answers {_phrase(status)}", Trouble.STATUS, detail=_phrase(status))
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if accept and content_type and content_type not in accept:
        raise FetchFailed(
            url, f"it is of the type “{content_type[:60]}”, which holds no news", Trouble.TYPE, detail=content_type[:60]
        )
    return Fetched(
        str(response.url),
        Status.OK,
        body=_body(url, response, limit_bytes=policy.limit_bytes),
        content_type=content_type,
        charset=response.charset_encoding or "",
        etag=_validator(response, "etag"),
        last_modified=_validator(response, "last-modified"),
    )


def _validator(response: httpx.Response, name: str) -> str:
    value = response.headers.get(name, "")
    return value if value.isascii() and len(value) <= _LONGEST_VALIDATOR else ""


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _body(url: str, response: httpx.Response, *, limit_bytes: int) -> bytes:
    too_large = FetchFailed(url, f"it is larger than {limit_bytes / _MEGABYTE:g} MB", Trouble.LARGE)
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise too_large
    body = bytearray()
    for piece in inflating.inflated(response.iter_raw(), response.headers.get("content-encoding", "")):
        body += piece
        if len(body) > limit_bytes:
            raise too_large
    return bytes(body)
