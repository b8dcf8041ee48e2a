"""A relay on loopback and a transport that speaks to it, with short patience."""

from collections.abc import Iterator

import pytest

from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from tests.support.relay import IMPATIENT, Relay


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as relay:
        yield relay


@pytest.fixture
def transport(relay: Relay) -> SmtpTransport:
    url = parse(relay.url)
    assert isinstance(url, SmtpUrl)
    return SmtpTransport(url, IMPATIENT)
