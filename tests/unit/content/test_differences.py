from dataclasses import replace

from newsletter.content.blocks import Divider, IssueContent, LeadStory, Story, Translation
from newsletter.content.differences import Difference, differences

FEST = Story("f", "Fest am See", "<p>Am Samstag.</p>")
HAUS = Story("h", "Neues Rathaus", "<p>Fertig.</p>")
FIRST = IssueContent("Neues", "", (FEST, HAUS))


def test_the_same_content_has_no_differences() -> None:
    assert differences(FIRST, FIRST) == ()


def test_each_place_that_changed_is_named_once_in_reading_order() -> None:
    line, large = Divider("l"), LeadStory("h", "Neues Rathaus", "<p>Fertig.</p>")
    after = IssueContent("Neues im Mai", "Vorspann", (large, replace(FEST, title="Seefest"), line))

    found = differences(FIRST, after)

    assert found == (
        Difference("", "subject", "Neues", "Neues im Mai"),
        Difference("", "preheader", "", "Vorspann"),
        Difference("", "order", ("f", "h"), ("h", "f")),
        Difference("h", "kind", HAUS, large),
        Difference("f", "title", "Fest am See", "Seefest"),
        Difference("l", "added", None, line),
    )
    assert [each.place for each in found] == ["subject", "preheader", ".order", "h.kind", "f.title", "l.added"]


def test_a_removed_block_is_no_new_order() -> None:
    assert differences(FIRST, replace(FIRST, blocks=(HAUS,))) == (Difference("f", "removed", FEST, None),)


def test_each_word_of_the_second_language_is_a_place_of_its_own() -> None:
    before = replace(FIRST, translation=Translation("en", (("f.title", "Party"), ("h.title", "Town hall"))))
    words = (("f.text", "<p>On Saturday.</p>"), ("f.title", "Festival"), ("subject", "News"))
    after = replace(FIRST, blocks=(FEST,), translation=Translation("en", words))

    found = differences(before, after)

    assert found == (
        Difference("h", "removed", HAUS, None),
        Difference("", "en:subject", "", "News"),
        Difference("f", "en:title", "Party", "Festival"),
        Difference("f", "en:text", "", "<p>On Saturday.</p>"),
    )
    assert [each.place for each in found[1:]] == ["en:subject", "f.en:title", "f.en:text"]


def test_adding_the_second_language_is_one_difference() -> None:
    after = replace(FIRST, translation=Translation("en", (("subject", "News"),)))

    assert differences(FIRST, after) == (Difference("", "language", "", "en"),)
    assert differences(after, FIRST) == (Difference("", "language", "en", ""),)
