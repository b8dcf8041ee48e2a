"""The one gate to the network: every connection goes to an address that was looked up once and judged.

    with httpx.Client(transport=GuardedTransport(guard, trusted()), trust_env=False) as client:
        client.get("https://www.example.org/")

The name is resolved here, all its addresses are judged, and the connection is made to one of
*those*: there is no second look-up that could answer otherwise (DNS rebinding). Host header and
TLS name stay those of the URL, since only the lowest layer knows the address. A decimal or octal
host (`http://2130706433/`) is resolved like any other, and judged as what it is. Every redirect
passes the same gate. The guard also carries the deadline of the whole request, which a server that
sends one byte a second cannot outlive.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import httpcore
import httpx

from newsletter.network.addresses import Address

Resolver = Callable[[str, int], tuple[Address, ...]]


class AddressRefused(Exception):
    """A host has an address that may not be asked."""

    def __init__(self, host: str, address: Address) -> None:
        super().__init__(f"{host} is at {address}")
        self.host = host
        self.address = address


class Allows(Protocol):
    """Who decides about addresses."""

    def allows(self, address: Address) -> bool:
        """Tell whether the address may be asked."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one request may do: where it may connect, and until when (on the monotonic clock)."""

    policy: Allows
    resolve: Resolver
    deadline: float

    def left(self, timeout: float | None) -> float:
        """The seconds that a single wait may take.

        Raises:
            httpcore.ReadTimeout: none are left.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole took too long")
        return left if timeout is None else min(timeout, left)

    def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """Where a host is; refused as a whole when one of its addresses is.

        Raises:
            AddressRefused: it is where nobody from here may ask.
            httpcore.ConnectError: it is nowhere.
        """
        found = self.resolve(host, port)
        for address in found:
            if not self.policy.allows(address):
                raise AddressRefused(host, address)
        if not found:
            raise httpcore.ConnectError("there is no such host")
        return found


def system_resolver(host: str, port: int) -> tuple[Address, ...]:
    """Ask the operating system, which has time limits of its own for a name server that is silent."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(ipaddress.ip_address(address[4][0]) for address in found))


@cache
def trusted() -> ssl.SSLContext:
    """The usual authorities, or those of SSL_CERT_FILE; loading them takes 20 ms."""
    return httpx.create_ssl_context(trust_env=True)


class GuardedTransport(httpx.BaseTransport):
    """An httpx transport through the gate; it knows no proxies."""

    def __init__(self, guard: Guard, ssl_context: ssl.SSLContext) -> None:
        """Open nothing yet."""
        self._pool = httpcore.ConnectionPool(ssl_context=ssl_context, network_backend=_GuardedBackend(guard))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; httpcore's errors pass through."""
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("there is no such host")
        for address in self._guard.addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, self._guard.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _GuardedStream(stream, self._guard)
        raise failure


class _GuardedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._guard.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._guard.left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._guard.left(timeout))
        return _GuardedStream(stream, self._guard)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
