"""Who asks: the visitor's IP address, seen through the proxies we trust, and how much of it is kept."""

import ipaddress

from starlette.requests import Request

from newsletter.settings import Network, Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What is left names a region or a provider's customers, not a household.
_KEPT_BITS = {4: 24, 6: 48}
# Everybody at home has a network of 64 bits, and can change the rest at will.
_VISITOR_BITS = {4: 32, 6: 64}


def ip_kept(request: Request, settings: Settings) -> str | None:
    """As much of the visitor's address as the consent evidence keeps; None for nothing."""
    address = address_of(request, trusted=settings.trusted_proxies)
    if address is None or settings.consent_ip == "off":
        return None
    return str(address) if settings.consent_ip == "full" else _network(address, _KEPT_BITS)


def network_of(request: Request, settings: Settings) -> str:
    """The region or provider that the visitor's address is of; empty without one."""
    address = address_of(request, trusted=settings.trusted_proxies)
    return "" if address is None else _network(address, _KEPT_BITS)


def visitor(request: Request, settings: Settings) -> str:
    """The name a visitor's rate limit is kept under; those without an address share one."""
    address = address_of(request, trusted=settings.trusted_proxies)
    return "unknown" if address is None else _network(address, _VISITOR_BITS)


def address_of(request: Request, *, trusted: tuple[Network, ...]) -> Address | None:
    """The address the request came from; None where there is none, as on a local socket.

    Behind a trusted proxy, the last entry of `X-Forwarded-For` that no trusted proxy made.
    """
    address = _parsed(request.client.host) if request.client else None
    values = request.headers.getlist("x-forwarded-for")
    forwarded = [part.strip() for value in values for part in value.split(",")]
    while address is not None and forwarded and any(address in network for network in trusted):
        before = _parsed(forwarded.pop())
        if before is None:  # nonsense that a proxy we trust passed on: believe the proxy alone
            return address
        address = before
    return address


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # a zone means nothing to others
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _network(address: Address, bits: dict[int, int]) -> str:
    return str(ipaddress.ip_network((address, bits[address.version]), strict=False))
