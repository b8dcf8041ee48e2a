"""`newsletter text …`: what a list says in its own words."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run

BODY = "Guten Tag,\n\nbitte bestätigen Sie „{list}“:\n\n{link}\n\n{days} Tage lang."


def test_the_texts_of_a_list_are_listed(newsletter: Run) -> None:
    newsletter("text", "set", "region", "mail.confirmation.subject", "--text", "Sind Sie das? {list}")

    rows = {row["name"]: row for row in newsletter("text", "list", "region", "--json").json}
    english = newsletter("text", "list", "region", "--language", "en").out

    assert rows["mail.confirmation.subject"] == {
        "name": "mail.confirmation.subject",
        "language": "de",
        "whose": "list",
        "text": "Sind Sie das? {list}",
        "knows": ["list", "publisher", "days"],
        "needs": [],
        "limit": 150,
        "lines": False,
    }
    assert rows["mail.confirmation.body"]["needs"] == ["link", "list"]
    assert rows["page.confirm.lead"]["whose"] == "product"
    assert "mail.confirmation.subject" in english
    assert "Please confirm: {list}" in english


def test_a_text_is_written_shown_and_reset(newsletter: Run, tmp_path: Path) -> None:
    file = tmp_path / "body.txt"
    file.write_text(BODY, "utf-8")

    said = newsletter(
        "text", "set", "region", "mail.confirmation.body", "--language", "de", "--text", file, "--by", "ana@example.org"
    )
    shown = newsletter("text", "show", "region", "mail.confirmation.body")
    reset = newsletter("text", "reset", "region", "mail.confirmation.body")
    again = newsletter("text", "reset", "region", "mail.confirmation.body")
    history = newsletter("text", "show", "region", "mail.confirmation.body", "--history").out
    as_json = newsletter("text", "show", "region", "mail.confirmation.body", "--json").json

    assert said.out == "“region” has its own mail.confirmation.body in German.\n"
    assert shown.out == BODY + "\n"
    assert "{link}  the link, in a paragraph of its own, needed\n" in shown.err
    assert "Plain text, paragraphs, parted by empty lines, 3000 characters at most." in shown.err
    assert reset.out == "“region” has the product's own words again for mail.confirmation.body in German.\n"
    assert again.out == "“region” has the product's own words already for mail.confirmation.body in German.\n"
    assert "ana@example.org" in history
    assert [(each["text"], each["changed_by"]) for each in as_json["history"]] == [
        ("", "command line"),
        (BODY, "ana@example.org"),
    ]


def test_an_unchanged_text_has_no_history(newsletter: Run) -> None:
    answer = newsletter("text", "show", "region", "page.confirm.lead", "--history")

    assert answer.out == "It was never changed.\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("set", "region", "mail.confirmation.body", "--text", "Ohne Link"),
            "Error: The text for mail.confirmation.body cannot stand there: {link} is missing",
        ),
        (("set", "region", "mail.confirmation.body", "--text", ""), "it is empty"),
        (("set", "region", "mail.confirmation.subject", "--text", "Neu: www.shop.example"), "Landgericht Stendal"),
        (("set", "region", "mail.nothing", "--text", "x"), "Error: There is no text “mail.nothing”."),
        (("set", "nowhere", "mail.confirmation.subject", "--text", "x"), "nowhere"),
        (("set", "region", "mail.confirmation.subject", "--text", "nothing.txt"), "There is no file nothing.txt."),
        (("show", "region", "nothing"), "Error: There is no text “nothing”."),
        (("preview", "region", "nothing", "--output", "x"), "there is confirmation"),
    ],
)
def test_mistakes_are_told_in_a_sentence(newsletter: Run, arguments: tuple[str, ...], error: str) -> None:
    answer = newsletter("text", *arguments, status=1)

    assert error in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_mail_is_previewed_with_the_words_of_the_list(newsletter: Run, tmp_path: Path) -> None:
    newsletter("text", "set", "region", "mail.confirmation.body", "--text", BODY)
    output = tmp_path / "new" / "folder"

    answer = newsletter("text", "preview", "region", "confirmation", "--output", output)

    files = [output / f"confirmation.{ending}" for ending in ("html", "txt", "eml")]
    assert answer.out.splitlines() == [str(file) for file in files]
    html, text, message = (file.read_text("utf-8") for file in files)
    assert "<p style=" in html
    assert "bitte bestätigen Sie „Region aktuell“:</p>" in html
    assert "bitte bestätigen Sie „Region aktuell“:\n\nhttp://127.0.0.1:8000/confirm/" in text
    assert "To: Erika Mustermann <erika.mustermann@example.org>" in message


def test_an_english_preview_has_the_product_s_words(newsletter: Run, tmp_path: Path) -> None:
    newsletter("text", "preview", "region", "confirmation", "--language", "en", "--output", tmp_path)

    assert "The link is valid for 14 days." in (tmp_path / "confirmation.txt").read_text("utf-8")


def test_a_text_of_an_old_version_that_no_longer_counts_is_named(newsletter: Run, home: Path) -> None:
    import sqlite3

    newsletter("text", "set", "region", "mail.confirmation.body", "--text", BODY)
    with sqlite3.connect(home / "newsletter.db") as database:
        database.execute("UPDATE list_text SET text = 'Ohne Link'")
    database.close()

    rows = {row["name"]: row for row in newsletter("text", "list", "region", "--json").json}
    shown = newsletter("text", "show", "region", "mail.confirmation.body")
    told = newsletter("doctor", status=1).out

    assert rows["mail.confirmation.body"]["whose"] == "outdated"
    assert "• The text mail.confirmation.body (de) of the list “region” does not count: {link} is missing" in told
    assert "Wenn Sie das waren" in shown.out
    assert "The list's own text does not count any more: {link} is missing" in shown.err
