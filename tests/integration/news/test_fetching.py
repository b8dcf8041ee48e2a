"""Fetching against a real server on loopback: what a stranger's server may do, and what we do then."""

import gzip
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from newsletter.network import connecting
from newsletter.network.addresses import Address
from newsletter.news.fetching import Fetched, FetchFailed, FetchPolicy, PrivateAddress, Status, fetch
from tests.support.webserver import WebServer, page, redirect, serving

LOCAL = FetchPolicy(allow_private=True)
LOOPBACK = ipaddress.ip_address("127.0.0.1")


@dataclass(frozen=True, slots=True)
class OnlyTheServer(FetchPolicy):
    """Takes 127.0.0.1 for a public address, and nothing else of this machine."""

    def allows(self, address: Address) -> bool:
        return address == LOOPBACK


def named(**hosts: str) -> Callable[[str, int], tuple[Address, ...]]:
    """A resolver that knows `a_example` as `a.example`."""
    table = {host.replace("_", "."): ipaddress.ip_address(address) for host, address in hosts.items()}
    return lambda host, _: (table[host],) if host in table else ()


def streaming(pieces: Callable[[], object], **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer without a length, and send pieces until the client has enough."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Type": "text/html", "Connection": "close", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.close_connection = True
        for piece in pieces():  # type: ignore[attr-defined]  # an iterable of bytes
            handler.wfile.write(piece)

    return answer


def test_a_page_comes_with_what_the_server_says_of_it(server: WebServer) -> None:
    url = server.at("/a", page("Grüße", content_type="Text/HTML; Charset=UTF-8", ETag='"7"', Last_Modified="then"))

    assert fetch(url, policy=LOCAL) == Fetched(
        url=url,
        status=Status.OK,
        body="Grüße".encode(),
        content_type="text/html",
        charset="utf-8",
        etag='"7"',
        last_modified="then",
    )


def test_what_has_not_changed_is_not_sent_again(server: WebServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        matches = handler.headers["If-None-Match"] == '"7"' and handler.headers["If-Modified-Since"] == "then"
        handler.send_response(304 if matches else 500)
        handler.end_headers()

    url = server.at("/a", answer)

    assert fetch(url, policy=LOCAL, etag='"7"', last_modified="then") == Fetched(url, Status.NOT_MODIFIED)


def test_a_304_that_nobody_asked_for_is_an_error(server: WebServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(304)
        handler.end_headers()

    with pytest.raises(FetchFailed, match="answers 304 Not Modified"):
        fetch(server.at("/a", answer), policy=LOCAL)


def test_validators_that_cannot_be_sent_back_are_forgotten(server: WebServer) -> None:
    fetched = fetch(server.at("/a", page("x", ETag="ü", Last_Modified="x" * 500)), policy=LOCAL)

    assert (fetched.etag, fetched.last_modified) == ("", "")


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_an_error_status_is_told(status: int, server: WebServer) -> None:
    url = server.at("/a", lambda handler: handler.send_error(status))

    with pytest.raises(FetchFailed, match=rf"^{url} cannot be fetched: the server answers {status} [A-Z].*\.$"):
        fetch(url, policy=LOCAL)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_bodies_are_unpacked(encoding: str, server: WebServer) -> None:
    packed = gzip.compress(b"Hallo" * 100) if encoding == "gzip" else zlib.compress(b"Hallo" * 100)

    assert fetch(server.at("/a", page(packed, Content_Encoding=encoding)), policy=LOCAL).body == b"Hallo" * 100
    assert server.requests[0][1]["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip"])
def test_a_compression_that_was_not_asked_for_is_refused(encoding: str, server: WebServer) -> None:
    url = server.at("/a", page(b"x", Content_Encoding=encoding))

    with pytest.raises(FetchFailed, match="cannot be unpacked, it is compressed as"):
        fetch(url, policy=LOCAL)


def test_an_announced_200_mb_are_not_even_begun(server: WebServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "200000000")
        handler.end_headers()

    with pytest.raises(FetchFailed, match=r"it is larger than 10 MB\.$"):
        fetch(server.at("/a", answer), policy=LOCAL)


def test_unannounced_200_mb_stop_at_ten(server: WebServer) -> None:
    sent = 0

    def pieces() -> object:
        nonlocal sent
        for _ in range(200):
            sent += 1_000_000
            yield bytes(1_000_000)

    with pytest.raises(FetchFailed, match="larger than 10 MB"):
        fetch(server.at("/a", streaming(pieces)), policy=LOCAL)

    assert sent < 40_000_000  # ten, and what the sockets buffer


def test_a_gzip_bomb_stops_at_ten(server: WebServer) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    assert len(bomb) < 250_000

    with pytest.raises(FetchFailed, match="larger than 10 MB"):
        fetch(server.at("/a", page(bomb, Content_Encoding="gzip")), policy=LOCAL)


def test_just_the_limit_is_allowed(server: WebServer) -> None:
    policy = replace(LOCAL, limit_bytes=1000)

    assert len(fetch(server.at("/a", page(bytes(1000))), policy=policy).body) == 1000
    with pytest.raises(FetchFailed, match=r"larger than 0\.001 MB"):
        fetch(server.at("/b", page(bytes(1001))), policy=policy)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_cannot_outlast_the_whole_time(where: str, server: WebServer) -> None:
    stop = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        start = b"HTTP/1.1 200 OK\r\nX-Slow: " if where == "head" else b"HTTP/1.1 200 OK\r\n\r\n"
        handler.wfile.write(start)
        while not stop.wait(0.05):
            handler.wfile.write(b"a")

    url = server.at("/a", answer)
    began = time.monotonic()
    try:
        with pytest.raises(FetchFailed, match="the answer takes too long"):
            fetch(url, policy=replace(LOCAL, limit_seconds=0.4))
    finally:
        stop.set()

    assert time.monotonic() - began < 2


def test_a_server_that_says_nothing_is_left(server: WebServer) -> None:
    stop = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        del handler
        stop.wait(5)

    url = server.at("/a", answer)
    try:
        with pytest.raises(FetchFailed, match="takes too long"):
            fetch(url, policy=replace(LOCAL, limit_seconds=0.3))
    finally:
        stop.set()


def test_redirects_are_followed_to_the_end(server: WebServer) -> None:
    server.at("/c", page("da"))
    server.at("/b", redirect("/c#part"))
    url = server.at("/a", redirect(server.url + "/b"))

    fetched = fetch(url, policy=LOCAL)

    assert (fetched.url, fetched.body) == (server.url + "/c", b"da")


def test_a_redirect_loop_is_told(server: WebServer) -> None:
    server.at("/b", redirect("/a"))
    url = server.at("/a", redirect("/b"))

    with pytest.raises(FetchFailed, match=rf"^{url} cannot be fetched: its redirects lead in a circle\.$"):
        fetch(url, policy=LOCAL)


def test_six_redirects_are_one_too_many(server: WebServer) -> None:
    for number in range(6):
        server.at(f"/{number}", redirect(f"/{number + 1}"))
    server.at("/6", page("da"))

    assert fetch(server.url + "/1", policy=LOCAL).body == b"da"
    with pytest.raises(FetchFailed, match="redirects more than 5 times"):
        fetch(server.url + "/0", policy=LOCAL)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://a.example/", "only http and https"),
        ("http://me:secret@127.0.0.1/", "user name or password"),
        ("https://[::1", "does not answer properly"),
    ],
)
def test_a_redirect_may_not_lead_just_anywhere(target: str, reason: str, server: WebServer) -> None:
    with pytest.raises(FetchFailed, match=reason):
        fetch(server.at("/a", redirect(target)), policy=LOCAL)


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        "file:///etc/passwd",
        "ftp://a.example/",
        "gopher://a/",
        "a.example",
        "http://",
        "http://me:x@a.example/",
    ],
)
def test_only_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(FetchFailed, match=r"cannot be fetched: .*\.$"):
        fetch(url, policy=LOCAL)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_private_hosts_are_refused(host: str, server: WebServer) -> None:
    with pytest.raises(PrivateAddress, match=r"in a private network, which NEWSLETTER_FETCH_PRIVATE=1 would allow\.$"):
        fetch(f"http://{host}:{server.port}/a", policy=FetchPolicy())

    assert server.requests == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0"])
def test_numbers_that_the_system_reads_as_a_private_address_are_refused(host: str, server: WebServer) -> None:
    def resolve(name: str, port: int) -> tuple[Address, ...]:
        del port  # the tests' guard lets nobody ask the system for such names; this reads them as the system does
        return (ipaddress.ip_address(socket.inet_aton(name)),)

    with pytest.raises(PrivateAddress, match="in a private network"):
        fetch(f"http://{host}:{server.port}/a", policy=FetchPolicy(resolve=resolve))

    assert server.requests == []


def test_an_octal_host_is_refused_outright(server: WebServer) -> None:
    with pytest.raises(FetchFailed, match="the address cannot be read"):
        fetch(f"http://0177.0.0.1:{server.port}/a", policy=FetchPolicy())


def test_a_redirect_into_a_private_network_is_refused(server: WebServer) -> None:
    url = server.at("/a", redirect("http://127.0.0.2:1/keys"))

    with pytest.raises(
        PrivateAddress, match=rf"^{url} cannot be fetched: 127\.0\.0\.2 is at 127\.0\.0\.2 in a private"
    ):
        fetch(url, policy=OnlyTheServer())


def test_a_host_with_one_private_address_among_others_is_refused(server: WebServer) -> None:
    both = (LOOPBACK, ipaddress.ip_address("10.0.0.1"))

    with pytest.raises(PrivateAddress, match=r"a\.example is at 10\.0\.0\.1"):
        fetch(f"http://a.example:{server.port}/", policy=OnlyTheServer(resolve=lambda *_: both))


def test_the_address_that_was_judged_is_the_one_that_is_asked(server: WebServer) -> None:
    """DNS rebinding: the second look-up would lead elsewhere, so there must be none."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> tuple[Address, ...]:
        del port
        asked.append(host)
        return (LOOPBACK if len(asked) == 1 else ipaddress.ip_address("10.0.0.1"),)

    server.at("/a", page("da"))

    assert fetch(f"http://a.example:{server.port}/a", policy=OnlyTheServer(resolve=resolve)).body == b"da"
    assert asked == ["a.example"]
    assert server.requests[0][1]["Host"] == f"a.example:{server.port}"


def test_a_second_address_is_tried_where_the_first_is_deaf(server: WebServer) -> None:
    server.at("/a", page("da"))
    two = (ipaddress.ip_address("::1"), LOOPBACK)

    assert fetch(f"http://a.example:{server.port}/a", policy=replace(LOCAL, resolve=lambda *_: two)).body == b"da"


def test_a_host_that_is_nowhere_is_told() -> None:
    with pytest.raises(FetchFailed, match=r"cannot be fetched: no connection \(there is no such host\)\.$"):
        fetch("http://a.example/", policy=FetchPolicy(resolve=lambda *_: ()))


def test_a_server_that_is_not_running_is_told() -> None:
    with serving() as gone:
        url = gone.url

    with pytest.raises(FetchFailed, match="no connection"):
        fetch(url, policy=LOCAL)


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-hello\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000]
)
def test_what_is_no_http_is_told(answer: bytes, server: WebServer) -> None:
    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    with pytest.raises(FetchFailed, match="the server does not answer properly"):
        fetch(server.at("/a", nonsense), policy=LOCAL)


def test_a_type_that_is_of_no_use_is_refused_before_the_body_comes(server: WebServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "Application/PDF; x=y")
        handler.end_headers()

    with pytest.raises(FetchFailed, match=r"it is of the type “application/pdf”, which holds no news\.$"):
        fetch(server.at("/a", answer), policy=LOCAL, accept=frozenset({"text/html"}))


def test_proxies_of_the_environment_are_not_used(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert fetch(server.at("/a", page("da")), policy=LOCAL).body == b"da"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of a.example, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not on this machine")
    path = tmp_path_factory.mktemp("tls") / "a.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.example"]
    made += ["-addext", "subjectAltName=DNS:a.example", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(made, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture
def trusting(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FetchPolicy]:
    """A policy to which a.example and b.example are here, while that one certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    connecting.trusted.cache_clear()
    yield replace(LOCAL, resolve=named(a_example="127.0.0.1", b_example="127.0.0.1"))
    connecting.trusted.cache_clear()


def test_certificates_are_checked_by_the_name_though_the_address_is_fixed(
    certificate: Path, trusting: FetchPolicy
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    with serving(context) as server:
        server.at("/a", page("da"))

        assert fetch(f"https://a.example:{server.port}/a", policy=trusting).body == b"da"
        with pytest.raises(FetchFailed, match=r"no connection .*certificate"):
            fetch(f"https://b.example:{server.port}/a", policy=trusting)

        assert [headers["Host"] for _, headers in server.requests] == [f"a.example:{server.port}"]
