import json

from newsletter.content.blocks import (
    Button,
    Divider,
    IssueContent,
    LeadStory,
    Origin,
    Picture,
    Story,
    Text,
    Translation,
)
from newsletter.content.stored import from_stored, kind_of, to_stored

CONTENT = IssueContent(
    subject="Überschrift „mit“ Zeichen",
    preheader="Kurz",
    blocks=(
        LeadStory(
            "b1",
            "Titel",
            "<p>Text</p>",
            "https://a.b",
            "",
            "1. Mai 2026",
            Picture("x.jpg", "alt", 1200, 675),
            Origin(3, 2),
        ),
        Story("b2", "Titel", "<p>Text</p>"),
        Text("b3", "<p>Frei</p>"),
        Button("b4", "Zum Programm", "https://a.b/programm"),
        Divider("b5"),
    ),
)


def test_content_survives_json_and_back() -> None:
    assert from_stored(json.loads(json.dumps(to_stored(CONTENT)))) == CONTENT


def test_each_block_is_stored_under_its_kind() -> None:
    stored = to_stored(CONTENT)

    assert stored["format"] == 1
    assert [block["kind"] for block in stored["blocks"]] == ["lead story", "story", "text", "button", "divider"]
    assert [kind_of(block) for block in CONTENT.blocks] == ["lead story", "story", "text", "button", "divider"]


def test_topics_are_stored_where_there_are_some() -> None:
    content = IssueContent("x", blocks=(Text("b1", "", topics=("culture", "sports")), Divider("b2")))

    stored = json.loads(json.dumps(to_stored(content)))

    assert from_stored(stored) == content
    assert ["topics" in block for block in stored["blocks"]] == [True, False]


def test_a_crop_is_stored_where_one_is_chosen() -> None:
    whole, cut = Picture("x.jpg", "", 4, 3), Picture("x.jpg", "", 4, 3, shape="1:1", focus="left")
    content = IssueContent("x", blocks=(Story("b1", "T", "", picture=whole), Story("b2", "T", "", picture=cut)))

    stored = json.loads(json.dumps(to_stored(content)))

    assert from_stored(stored) == content
    pictures = [block["picture"] for block in stored["blocks"]]
    assert pictures[0] == {"name": "x.jpg", "alt": "", "width": 4, "height": 3, "credit": "", "caption": ""}
    assert pictures[1] == pictures[0] | {"shape": "1:1", "focus": "left"}


def test_a_second_language_is_stored_where_there_is_one() -> None:
    words = (("b1.text", "<p>Hello</p>"), ("subject", "News"))
    content = IssueContent("Neues", blocks=(Text("b1", "<p>Hallo</p>"),), translation=Translation("en", words))

    stored = json.loads(json.dumps(to_stored(content), sort_keys=True))

    assert from_stored(stored) == content
    assert stored["translation"] == {"language": "en", "words": {"b1.text": "<p>Hello</p>", "subject": "News"}}
    assert "translation" not in to_stored(CONTENT)
