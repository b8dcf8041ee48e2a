import pytest

from newsletter.news.stopping import ends_article, is_tool


@pytest.mark.parametrize(
    "text",
    [
        "Mehr News",
        "MEHR NEWS",
        "Weitere Meldungen",
        "Weitere Nachrichten aus der Region",
        "Weitere Themen:",
        "Mehr zum Thema",
        "Ähnliche Beiträge",
        "Aktuelle Meldungen",
        "Das könnte Sie auch interessieren:",
        "Lesen Sie auch",
        "Kontakt für die Presse",
        "Pressekontakt:",
        "Ansprechpartnerin für die Medien",
        "More news",
        "Related stories",
        "You may also like",
        "Read also",
        "Press contact",
        "Latest news »",
    ],
)
def test_other_things_begin_behind_such_a_heading(text: str) -> None:
    assert ends_article(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mehr Menschen fahren Rad",
        "Neue Themen im Rat",
        "Weitere Themen im Rat waren der Haushalt und das Bad.",
        "Mehr News gibt es erst am Montag wieder, wenn der Rat getagt hat und die Zahlen auf dem Tisch liegen.",
        "Kontakt",
        "News",
    ],
)
def test_a_sentence_or_another_heading_ends_nothing(text: str) -> None:
    assert not ends_article(text)


@pytest.mark.parametrize("text", ["Teilen", "Seite drucken", "Share this page", "Zurück", "Nach oben", "Facebook"])
def test_buttons_are_known(text: str) -> None:
    assert is_tool(text)


def test_words_that_only_begin_like_a_button_are_none() -> None:
    assert not is_tool("Teilen macht Freude, sagt die Stadt.")
