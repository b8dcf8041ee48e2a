"""Which network addresses are on the open internet, and so may be asked.

    is_public(ip_address("93.184.216.34"))  # True
    is_public(ip_address("::ffff:127.0.0.1"))  # False

A source of news is typed by a person or named by a redirect; asking an address inside our own
network for it would let a stranger read what only the inside may see. A web hook would let one write.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_UNICAST = IPv6Network("2000::/3")  # all that IANA gives out for the open internet
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64 (RFC 6052): the IPv4 address is the last 32 bits
_NOT_PUBLIC_V4 = (IPv4Network("192.88.99.0/24"),)  # relays of 6to4, given up (RFC 7526)
_NOT_PUBLIC_V6 = (
    IPv6Network("2002::/16"),  # 6to4, given up (RFC 7526); may hide any IPv4 address
    IPv6Network("3fff::/20"),  # documentation (RFC 9637), not known to Python 3.11
)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far we may go: to the open internet, or also to private networks."""

    allow_private: bool = False

    def allows(self, address: Address) -> bool:
        """Tell whether an address may be asked."""
        return self.allow_private or is_public(address)


def is_public(address: Address) -> bool:
    """Tell whether an address is reachable for everybody; an IPv4 address inside an IPv6 one is judged itself."""
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        return is_public(inner) if inner else _is_public_v6(address)
    usable = address.is_global and not address.is_multicast and not address.is_reserved
    return usable and not any(address in network for network in _NOT_PUBLIC_V4)


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _is_public_v6(address: IPv6Address) -> bool:
    if address not in _UNICAST or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC_V6)
