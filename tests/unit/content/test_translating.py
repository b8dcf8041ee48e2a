"""What of an issue can be said again in a second language, and what readers of that get."""

from newsletter.content import translating
from newsletter.content.blocks import Button, Divider, IssueContent, LeadStory, Picture, Story, Text

LAKE = Picture("see.jpg", "Boote am Steg", 400, 300, credit="Foto: Kern", caption="Am Abend")
FEST = LeadStory(
    "b2",
    "Fest am See",
    "<p>Am Samstag.</p>",
    "https://a.b/fest",
    date="20. Mai 2026",
    picture=LAKE,
    topics=("culture",),
)
CONTENT = IssueContent(
    "Neues", "Aus der Region", (Text("b1", "<p>Hallo</p>"), FEST, Button("b3", "Mehr", "https://a.b"), Divider("b4"))
)


def test_what_is_written_again_replaces_the_first_words_and_all_else_is_shared() -> None:
    words = {
        "subject": "News",
        "b2.title": "Festival",
        "b2.link": "https://a.b/en",
        "b2.alt": "Boats at the jetty",
        "b3.label": "More",
        "gone.title": "Nobody",
        "b3.title": "No field of a button",
    }
    content = translating.with_words(translating.begun(CONTENT, "en"), words)

    in_english = translating.translated(content)

    assert in_english == IssueContent(
        "News",
        "Aus der Region",
        (
            Text("b1", "<p>Hallo</p>"),
            LeadStory(
                "b2",
                "Festival",
                "<p>Am Samstag.</p>",
                "https://a.b/en",
                date="20. Mai 2026",
                picture=Picture("see.jpg", "Boats at the jetty", 400, 300, credit="Foto: Kern", caption="Am Abend"),
                topics=("culture",),
            ),
            Button("b3", "More", "https://a.b"),
            Divider("b4"),
        ),
    )


def test_what_is_written_in_the_first_language_alone_is_missing_but_for_links() -> None:
    content = translating.with_words(translating.begun(CONTENT, "en"), {"subject": "News", "b2.title": "Festival"})

    assert translating.missing(content) == (
        "preheader",
        "b1.text",
        "b2.text",
        "b2.date",
        "b2.alt",
        "b2.caption",
        "b3.label",
    )
    assert translating.missing(CONTENT) == ()
    assert translating.missing(translating.begun(IssueContent("", blocks=(Story("b1", " ", ""),)), "en")) == ()


def test_words_are_kept_sorted_and_without_empty_ones() -> None:
    content = translating.with_words(translating.begun(CONTENT, "en"), {"subject": "News", "b2.title": "Festival"})

    changed = translating.with_words(content, {"subject": "", "b1.text": "<p>Hello</p>"})

    assert changed.translation == translating.made("en", {"b1.text": "<p>Hello</p>", "b2.title": "Festival"})
    assert translating.words_of(translating.without_block(changed, "b2")) == {"b1.text": "<p>Hello</p>"}
    assert translating.with_words(CONTENT, {"subject": "News"}) == CONTENT


def test_a_word_has_a_name_of_its_own_in_forms() -> None:
    assert translating.form_name("b3.title", "en") == "b3.en:title"
    assert translating.form_name("subject", "en") == "en:subject"
