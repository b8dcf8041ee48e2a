import pytest
from email_validator import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.address import EmailAddress, Provider, _is_plainly_valid, masked, parse_mailbox
from subscribers.errors import AddressInvalid


def test_two_spellings_are_one_mailbox() -> None:
    one, other = EmailAddress.parse(" Anna.Schmidt@GMX.de "), EmailAddress.parse("anna.schmidt@gmx.DE")

    assert one.key == other.key == "anna.schmidt@gmx.de"
    assert one.address == "Anna.Schmidt@gmx.de"


def test_an_international_domain_is_kept_as_mail_servers_know_it() -> None:
    found = EmailAddress.parse("Käthe@Müller.de")

    assert found.address == "Käthe@xn--mller-kva.de"
    assert found.key == "käthe@xn--mller-kva.de"
    assert found.domain == "xn--mller-kva.de"
    assert found.key == EmailAddress.parse("KÄTHE@xn--mller-kva.de").key
    assert found.key == EmailAddress.parse("Ka\u0308the@müller.de").key


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("a@gmail.com", Provider.GMAIL),
        ("a@googlemail.com", Provider.GMAIL),
        ("a@Outlook.de", Provider.MICROSOFT),
        ("a@hotmail.co.uk", Provider.MICROSOFT),
        ("a@yahoo.de", Provider.YAHOO),
        ("a@aol.com", Provider.YAHOO),
        ("a@gmx.net", Provider.GMX_WEBDE),
        ("a@web.de", Provider.GMX_WEBDE),
        ("a@t-online.de", Provider.T_ONLINE),
        ("a@live.example.org", Provider.OTHER),
        ("a@notgmail.com", Provider.OTHER),
    ],
)
def test_the_domain_tells_the_provider(text: str, provider: Provider) -> None:
    assert EmailAddress.parse(text).provider is provider


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "It is empty."),
        ("   ", "It is empty."),
        ("anna.example.org", "An @-sign is missing."),
        ("anna@localhost", "The part after the @-sign is not valid. It should have a period."),
        ("an..na@example.org", "An email address cannot have two periods in a row."),
        ("@example.org", "There must be something before the @-sign."),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(AddressInvalid) as refused:
        EmailAddress.parse(text)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.org\r\nBcc: b@example.org",
        "anna@example.org\n",
        "\ranna@example.org",
        "an\0na@example.org",
        "anna\t@example.org",
        "anna@exam\u2028ple.org",
        "anna\u202e@example.org",
        "\ud800@example.org",
    ],
)
def test_line_breaks_and_control_characters_are_refused(text: str) -> None:
    with pytest.raises(AddressInvalid) as refused:
        EmailAddress.parse(text)

    assert str(refused.value).isprintable()


def test_a_long_text_is_cut_in_the_message() -> None:
    with pytest.raises(AddressInvalid) as refused:
        EmailAddress.parse("x" * 100_000)

    assert len(str(refused.value)) < 200


PLAIN = "abcxyzABCXYZ0189.-_+"


@given(
    st.text(PLAIN, min_size=1, max_size=70),
    st.lists(st.text("abzAZ09-x", min_size=1, max_size=66), min_size=1, max_size=4),
    st.sampled_from(["de", "org", "local", "test", "localhost", "ARPA", "onion", "invalid", "c0m", "x", "xn--p1ai"]),
)
@example("a", ["xn--", "b"], "de")
@example("a", ["ab--c"], "de")
@example("a", ["x" * 63], "de")
@example("a" * 64, ["x" * 63, "y" * 63, "z" * 61], "de")
def test_what_the_fast_path_takes_the_full_check_takes_the_same(local: str, labels: list[str], last: str) -> None:
    domain = ".".join([*labels, last])
    text = f"{local}@{domain}"

    if _is_plainly_valid(text, local, domain):
        found = validate_email(text, check_deliverability=False, strict=True)
        assert found.ascii_domain == domain.lower()
        assert found.local_part is not None
        assert found.local_part.lower() == local.lower()


@given(st.text(max_size=60) | st.emails())
def test_an_address_read_again_is_the_same(text: str) -> None:
    try:
        found = EmailAddress.parse(text)
    except AddressInvalid:
        return

    assert EmailAddress.parse(found.address) == found
    assert EmailAddress.parse(found.key).key == found.key
    assert not any(character.isspace() for character in found.address)
    assert len(found.key) <= 320


@given(st.from_regex(r"[a-zäöü]{1,10}(\.[a-zß]{1,9})?", fullmatch=True))
def test_the_case_of_the_local_part_does_not_matter(local: str) -> None:
    assert EmailAddress.parse(f"{local.upper()}@example.org").key == EmailAddress.parse(f"{local}@example.org").key


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("presse@amt.de", "", "presse@amt.de"),
        ("<presse@amt.de>", "", "presse@amt.de"),
        ("Presseamt <presse@amt.de>", "Presseamt", "presse@amt.de"),
        ('"Amt, Presse" <presse@amt.de>', "Amt, Presse", "presse@amt.de"),
        (r'"Das \"Amt\"" <presse@amt.de>', 'Das "Amt"', "presse@amt.de"),
        ("Ämter & Müller GmbH <presse@amt.de> ", "Ämter & Müller GmbH", "presse@amt.de"),
        ("a <b> <presse@amt.de>", "a <b>", "presse@amt.de"),
    ],
)
def test_a_mailbox_is_a_name_and_an_address(text: str, name: str, address: str) -> None:
    found_name, found = parse_mailbox(text)

    assert (found_name, found.address) == (name, address)


@pytest.mark.parametrize("text", ["Amt\r\nBcc: x <a@b.de>", "presse@amt.de>", "Amt <>", "Amt <a@b.de", "A\0 <a@b.de>"])
def test_a_mailbox_without_a_clean_name_and_address_is_refused(text: str) -> None:
    with pytest.raises(AddressInvalid):
        parse_mailbox(text)


@given(st.text(max_size=30))
def test_any_mailbox_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"{text}<a@b.de>", f'"{text}" <a@b.de>'):
        try:
            name, _ = parse_mailbox(candidate)
        except AddressInvalid:
            continue
        assert "\r" not in name
        assert "\n" not in name


def test_a_masked_address_tells_only_its_owner() -> None:
    assert masked("anna.schmidt@example.org") == "a…@e…"
