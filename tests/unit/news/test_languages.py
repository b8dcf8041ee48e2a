import pytest

from newsletter.news.languages import language_of

GERMAN = "Die Stadt lädt am Sonntag zu einem Fest auf dem Markt ein und freut sich auf alle."
ENGLISH = "The town invites everybody to a party on the market square and is looking forward to it."


@pytest.mark.parametrize(
    ("text", "stated", "language"),
    [
        (GERMAN, "", "de"),
        (ENGLISH, "", "en"),
        (GERMAN, "en-US", "de"),
        ("Rathaus Lindau", "de-AT", "de"),
        ("Rathaus Lindau", "de_DE", "de"),
        ("Rathaus Lindau", "", ""),
        ("", "deutsch", ""),
        ("La ville invite tout le monde", "fr", "fr"),
    ],
    ids=["German", "English", "the text wins", "as stated", "as stated by a locale", "unclear", "no tag", "French"],
)
def test_the_small_words_tell_the_language(text: str, stated: str, language: str) -> None:
    assert language_of(text, stated=stated) == language
