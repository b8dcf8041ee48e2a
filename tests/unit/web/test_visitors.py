import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from newsletter.settings import Settings
from newsletter.web import visitors


def a_request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


def settings_with(**values: str) -> Settings:
    return Settings.model_validate(values)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("198.51.100.7", [], "198.51.100.7", id="nobody between"),
        pytest.param("198.51.100.7", ["203.0.113.9"], "198.51.100.7", id="a stranger's header is not believed"),
        pytest.param("10.0.0.1", ["203.0.113.9"], "203.0.113.9", id="our proxy's is"),
        pytest.param("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9", id="only as far as our proxies go"),
        pytest.param("10.0.0.1", ["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9", id="through two of ours"),
        pytest.param("10.0.0.1", ["unknown"], "10.0.0.1", id="nonsense is not believed"),
        pytest.param("10.0.0.1", [""], "10.0.0.1", id="an empty header"),
        pytest.param("::ffff:203.0.113.9", [], "203.0.113.9", id="IPv4 in IPv6"),
        pytest.param("fe80::1%eth0", [], "fe80::1", id="a zone"),
        pytest.param(None, ["203.0.113.9"], None, id="a local socket"),
        pytest.param("testclient", [], None, id="no address"),
    ],
)
def test_the_visitor_is_seen_through_our_proxies_alone(
    peer: str | None, forwarded: list[str], expected: str | None
) -> None:
    trusted = settings_with(trusted_proxies="10.0.0.0/8, ::1").trusted_proxies

    found = visitors.address_of(a_request(peer, *forwarded), trusted=trusted)

    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize(
    ("peer", "kept", "expected"),
    [
        ("203.0.113.77", "off", None),
        ("203.0.113.77", "truncated", "203.0.113.0/24"),
        ("203.0.113.77", "full", "203.0.113.77"),
        ("2001:db8:1:2:3::4", "truncated", "2001:db8:1::/48"),
        (None, "full", None),
    ],
)
def test_as_much_of_the_address_is_kept_as_is_set(peer: str | None, kept: str, expected: str | None) -> None:
    assert visitors.ip_kept(a_request(peer), settings_with(consent_ip=kept)) == expected


def test_a_household_is_one_visitor_however_it_changes_its_address() -> None:
    names = {visitors.visitor(a_request(f"2001:db8:1:2::{end}"), Settings()) for end in ("1", "2", "ffff")}

    assert names == {"2001:db8:1:2::/64"}


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_no_header_breaks_it(value: str) -> None:
    request = Request(
        {"type": "http", "headers": [(b"x-forwarded-for", value.encode("latin-1"))], "client": ("::1", 1)}
    )

    visitors.address_of(request, trusted=settings_with(trusted_proxies="::1").trusted_proxies)
