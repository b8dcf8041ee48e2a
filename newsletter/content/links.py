"""Which link targets a mail may carry, written so that every client reads them alike.

resolve("/news?a b", base_url="https://example.org/de/")  # 'https://example.org/news?a%20b'
resolve("javascript:alert(1)")  # None
"""

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x1f\x7f]")
_SAFE = "!#$%&'()*+,-./:;=?@_~"  # RFC 3986 without brackets; % because the target may be encoded already


def resolve(target: str, *, base_url: str = "") -> str | None:
    """Give the absolute, percent-encoded form of a link target; None if a mail cannot carry it.

    A relative target needs `base_url`, the address of the page it was found on.
    """
    wanted = _IGNORED_BY_BROWSERS.sub("", target).strip()
    try:
        absolute = urljoin(base_url, wanted) if base_url else wanted
        parts = urlsplit(absolute)
        if not wanted or parts.scheme not in SCHEMES:
            return None
        if parts.scheme in {"mailto", "tel"}:
            return f"{parts.scheme}:{_encoded(absolute.partition(':')[2])}" if parts.path else None
        netloc = _host_encoded(parts.netloc) if parts.hostname else ""
    except ValueError:  # an unbalanced bracket, a host that IDNA refuses
        return None
    if not netloc:
        return None
    return urlunsplit((parts.scheme, netloc, _encoded(parts.path), _encoded(parts.query), _encoded(parts.fragment)))


def _encoded(part: str) -> str:
    return quote(part, safe=_SAFE, errors="ignore")


def _host_encoded(netloc: str) -> str:
    """Turn a host with umlauts into its ASCII form (IDNA); the rest stays."""
    if re.search(r'[\s"<>\\^`{|}]', netloc):
        raise ValueError(netloc)
    if netloc.isascii():
        return netloc
    user, at, host = netloc.rpartition("@")
    name, colon, port = host.partition(":")
    return f"{_encoded(user)}{at}{name.encode('idna').decode('ascii')}{colon}{port}"
