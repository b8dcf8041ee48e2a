import pytest

from newsletter.content.links import resolve


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (" https://example.org/a b ", "https://example.org/a%20b"),
        ('https://example.org/"><x', "https://example.org/%22%3E%3Cx"),
        ("https://example.org/100%25", "https://example.org/100%25"),
        ("https://nutzer@münchen.example:8443/x", "https://nutzer@xn--mnchen-3ya.example:8443/x"),
        ("http://[::1]/x", "http://[::1]/x"),
        ("mailto:", None),
        ("https:///x", None),
        ("https://a\\b/", None),
        (f"https://{'ä' * 80}.example/", None),
        ("vbscript:x", None),
    ],
)
def test_targets(target: str, expected: str | None) -> None:
    assert resolve(target) == expected
