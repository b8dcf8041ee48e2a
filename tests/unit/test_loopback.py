import socket

import pytest

from tests.support.loopback import OutsideWorld


def test_a_connection_within_the_machine_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(OutsideWorld, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(OutsideWorld):
        client.sendto(b"?", ("192.0.2.1", 53))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(OutsideWorld, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_the_name_of_this_machine_is_looked_up() -> None:
    assert socket.getaddrinfo("localhost", 80)
