from pathlib import Path

import pytest

from newsletter.i18n import LANGUAGES
from newsletter.rendering.compiled import LINK_NAMES
from newsletter.settings import templates_folder
from newsletter.texts import catalogue
from newsletter.texts.catalogue import LetterNotFound, PassageNotFound
from newsletter.texts.letters import LETTERS, letter
from newsletter.texts.models import ListText
from newsletter.texts.pages import PAGES
from newsletter.texts.passages import LIST, Passage
from newsletter.texts.prose import filled
from newsletter.texts.rules import accepted

PASSAGES = [passage for place in catalogue.PLACES for passage in place.passages]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("passage", PASSAGES, ids=lambda passage: passage.name)
def test_the_product_follows_its_own_rules(passage: Passage, language: str) -> None:
    text = passage.own_text(language)

    assert accepted(text, passage=passage) == text
    assert filled(text, {each.name: each.sample(language) for each in passage.knows}).paragraphs


def test_every_passage_has_a_name_of_its_own_that_the_table_holds() -> None:
    names = [passage.name for passage in PASSAGES]

    assert len(set(names)) == len(names) > 10
    assert max(map(len, names)) <= ListText.passage.type.length
    assert catalogue.passage_named("mail.confirmation.body").part == "body"


def test_a_letter_s_link_is_one_that_mails_can_hold_and_its_body_must() -> None:
    for mail in LETTERS:
        assert mail.link in (*LINK_NAMES, "")
        assert ("link" in [need.name for need in mail.passage("body").needs]) == bool(mail.link)


def test_a_letter_without_a_link_has_no_button() -> None:
    note = letter("note", meaning="x", knows=(LIST,), subject="{list}", body="{list}")

    assert [passage.name for passage in note.passages] == ["mail.note.subject", "mail.note.body"]
    assert note.passage("body").knows == (LIST,)


def test_every_page_has_a_template_that_prints_all_of_its_texts() -> None:
    for page in PAGES:
        template = (templates_folder() / "web" / f"{page.short_name}.html").read_text("utf-8")
        assert [passage.part for passage in page.passages if f"texts.{passage.part}" not in template] == []


def test_samples_are_there_for_all_placeholders_but_the_link() -> None:
    assert catalogue.letter_named("confirmation").samples("de") == {
        "list": "Nachrichten aus Musterstadt",
        "publisher": "Stadt Musterstadt, Pressestelle",
        "days": "14",
    }


def test_the_document_names_every_text_and_every_placeholder() -> None:
    document = (Path(__file__).parents[3] / "docs/texts.md").read_text("utf-8")

    assert [passage.name for passage in PASSAGES if f"`{passage.name}`" not in document] == []
    known = {placeholder for passage in PASSAGES for placeholder in passage.knows}
    assert [placeholder.written for placeholder in known if f"`{placeholder.written}`" not in document] == []


def test_what_there_is_not_is_told() -> None:
    with pytest.raises(PassageNotFound, match=r"There is no text “mail\.x”"):
        catalogue.passage_named("mail.x")
    with pytest.raises(LetterNotFound, match="There is no system mail “x”; there is confirmation"):
        catalogue.letter_named("x")
