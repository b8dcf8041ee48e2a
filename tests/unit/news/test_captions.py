import pytest

from newsletter.news import captions


@pytest.mark.parametrize(
    ("text", "caption", "credit"),
    [
        ("Der Markt am Abend. Foto: Anna Beck", "Der Markt am Abend.", "Foto: Anna Beck"),
        ("Der Markt (Foto: Anna Beck)", "Der Markt", "Foto: Anna Beck"),
        ("(Foto: Anna Beck (Stadt))", "", "Foto: Anna Beck (Stadt)"),
        ("Foto: Anna Beck, Stadt Lindau", "", "Foto: Anna Beck, Stadt Lindau"),
        ("Foto (v.l.): Anna Beck, Tom Ahlers", "", "Foto (v.l.): Anna Beck, Tom Ahlers"),
        ("Der Markt © Anna Beck", "Der Markt", "© Anna Beck"),
        ("Der Markt | Bild: Stadt", "Der Markt", "Bild: Stadt"),
        ("Zahlen des Jahres. Grafik: Amt für Statistik", "Zahlen des Jahres.", "Grafik: Amt für Statistik"),
        ("Bildunterschrift: Der Markt am Abend", "Der Markt am Abend", ""),
        ("Bildnachweis: Stadt", "", "Bildnachweis: Stadt"),
        ("The quay at dusk. Photo: Ann Reed", "The quay at dusk.", "Photo: Ann Reed"),
        ("The quay. Photo credit: Ann Reed", "The quay.", "Photo credit: Ann Reed"),
        ("Ein Foto zeigt den Markt.", "Ein Foto zeigt den Markt.", ""),
        ("Bildung ist: wichtig", "Bildung ist: wichtig", ""),
        ("", "", ""),
    ],
)
def test_caption_and_credit_are_parted(text: str, caption: str, credit: str) -> None:
    assert captions.split(text) == (caption, credit)


@pytest.mark.parametrize("text", ["Foto: Anna Beck", "Bild: Stadt", "Quelle: Amt", "© Anna Beck", "Grafik © Amt"])
def test_a_line_that_only_names_the_maker_is_a_credit(text: str) -> None:
    assert captions.is_credit(text)


@pytest.mark.parametrize(
    "text", ["Foto des Tages", "Bilder aus der Region sind schön", "© 2024 Stadt Lindau", "Foto: " + "lang " * 60]
)
def test_other_lines_are_not(text: str) -> None:
    assert not captions.is_credit(text)


@pytest.mark.parametrize("text", ["© 2024 Stadt Lindau", "Copyright © 2023 by Amt", "(c) 2019 X", "Copyright 2024"])
def test_a_sites_own_copyright_is_a_footer(text: str) -> None:
    assert captions.is_footer(text)


def test_a_line_may_say_that_it_describes_the_picture() -> None:
    assert captions.is_caption("Auf dem Bild (v.l.): Anna Beck und Tom Ahlers")
    assert captions.is_caption("Bildunterschrift: Der Markt")
    assert not captions.is_caption("Der Markt am Abend")
