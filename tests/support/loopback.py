"""No test reaches beyond this machine: whatever would is refused before a packet leaves.

An audit hook sees every connection, datagram and name look-up of the interpreter, whichever library asks;
it stays for the life of the process. Programs that tests start are not seen.
"""

import ipaddress
import socket
import sys


class OutsideWorld(RuntimeError):
    """A test tried to leave the machine."""

    def __init__(self, host: object) -> None:
        super().__init__(f"This test asked for {host!r}, beyond this machine. Give it a local server or a fake.")
        self.host = host


def guard() -> None:
    """Refuse every address but loopback from now on."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    match event, arguments:
        case (("socket.connect" | "socket.sendto" | "socket.sendmsg"), (socket.socket(), (host, *_))):
            _require_loopback(host)
        case (("socket.getaddrinfo" | "socket.gethostbyname"), (host, *_)):
            _require_loopback(host)


def _require_loopback(host: object) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None or name in {"", "localhost"}:
        return
    try:
        inside = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise OutsideWorld(host)
