import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.archive.slugs import is_slug, slug_of

DAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("subject", "slug"),
    [
        ("Die Straße ist fertig!", "2026-11-23-die-strasse-ist-fertig"),
        ("Grüße aus Ölsnitz – É", "2026-11-23-gruesse-aus-oelsnitz-e"),
        ("Anna’s & Bernd's Fest", "2026-11-23-annas-bernds-fest"),
        ("Привет", "2026-11-23"),
        ("../../etc/passwd?x=1#y", "2026-11-23-etc-passwd-x-1-y"),
        ("", "2026-11-23"),
        ("Wort " * 50, "2026-11-23" + "-wort" * 16),
        ("x" * 500, "2026-11-23"),
    ],
)
def test_a_slug_is_the_day_and_the_words_of_the_subject(subject: str, slug: str) -> None:
    assert slug_of(DAY, subject) == slug


@given(st.text())
def test_whatever_the_subject_the_slug_is_one(subject: str) -> None:
    assert is_slug(slug_of(DAY, subject))
    assert len(slug_of(DAY, subject)) <= 90


@pytest.mark.parametrize("text", ["", "x", "2026-11-23-", "2026-11-23-Ä", "2026-11-23\0", "2026-11-23-a\n", "feed.xml"])
def test_what_is_no_slug_is_told(text: str) -> None:
    assert not is_slug(text)
