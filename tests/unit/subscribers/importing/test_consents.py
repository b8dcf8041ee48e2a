import pytest

from subscribers.importing.consents import NOTHING, ConsentMalformed, EarlierConsent, consent_of


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2019-05-24", "2019-05-24"),
        ("2019-05-24T10:30:00Z", "2019-05-24T10:30:00+00:00"),
        ("2019-05-24 10:30:05", "2019-05-24T10:30:05"),
        ("2019-05-24T10:30+02:00", "2019-05-24T10:30:00+02:00"),
        ("24.05.2019", "2019-05-24"),
        ("4.5.2019", "2019-05-04"),
        ("24.05.2019 10:30", "2019-05-24T10:30:00"),
        ("24.05.2019, 9:30:07 Uhr", "2019-05-24T09:30:07"),
        ("", ""),
    ],
)
def test_a_moment_is_kept_as_precise_as_it_was_told(text: str, kept: str) -> None:
    assert consent_of({"consent_at": text}).at == kept


@pytest.mark.parametrize(
    "text",
    ["yes", "05/24/2019", "31.02.2019", "24.05.19", "0019-05-24", "1024-01-01", "2019-13-01", "24.05.2019 25:00"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ConsentMalformed, match="is no date such as 2019-05-24"):
        consent_of({"consent_at": text})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::/48", "2001:db8::/48"),
    ],
)
def test_an_address_of_the_network_is_kept_in_its_usual_form(text: str, kept: str) -> None:
    assert consent_of({"consent_ip": text}).ip == kept


@pytest.mark.parametrize("text", ["300.1.2.3", "anna@example.org", "192.0.2", "::1::"])
def test_what_is_no_address_of_the_network_is_refused(text: str) -> None:
    with pytest.raises(ConsentMalformed, match="is no IP address"):
        consent_of({"consent_ip": text})


@pytest.mark.parametrize(("name", "limit"), [("consent_source", 500), ("consent_text", 20_000)])
def test_texts_are_not_cut_but_refused(name: str, limit: int) -> None:
    consent_of({name: "x" * limit})

    with pytest.raises(ConsentMalformed, match="is longer than"):
        consent_of({name: "x" * (limit + 1)})


def test_a_row_that_tells_nothing_has_nothing() -> None:
    assert consent_of({"consent_at": "", "consent_ip": ""}) == NOTHING
    assert NOTHING.evidence() == {}


def test_the_words_are_not_part_of_the_evidence_but_kept_by_their_digest() -> None:
    told = EarlierConsent(at="2019-05-24", source="form", ip="192.0.2.7", text="Ja.")

    assert told.evidence() == {"at": "2019-05-24", "source": "form", "ip": "192.0.2.7"}
