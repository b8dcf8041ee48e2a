import pytest

from newsletter.delivery.discretion import about_nobody, masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<Anna.Berg@example.org>: no such user", "<…@…>: no such user"),
        ("anna.berg@example.org forwards to <hidden@example.com>", "…@… forwards to <…@…>"),
        ("user ANNA.BERG unknown", "user … unknown"),
        ("unknown: anna.berg.", "unknown: …."),
        ("(anna.berg)", "(…)"),
        ("hanna.berg is not anna.bergs", "hanna.berg is not anna.bergs"),
        ("anna.berg.junior@example.org", "…@…"),
        ("sent by presse@example.org.", "sent by presse@example.org."),
        ("no such user", "no such user"),
    ],
)
def test_a_text_is_about_nobody(text: str, kept: str) -> None:
    assert about_nobody(text, "anna.berg@Example.org", but="Presse@example.org") == kept


def test_a_name_that_is_likelier_a_word_stays_where_it_stands_alone() -> None:
    assert about_nobody("no a here, no <a@b.de>", "a@b.de") == "no a here, no <…@…>"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('550 5.1.1 <"anna b"@posteo.de>', "550 5.1.1 <…@…>"),
        ("421 4.7.0 [mx.example.org] later", "421 4.7.0 [mx.example.org] later"),
        ("@posteo.de unknown", "…@… unknown"),
    ],
)
def test_addresses_are_masked(text: str, kept: str) -> None:
    assert masked(text) == kept
