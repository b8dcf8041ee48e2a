from hypothesis import given
from hypothesis import strategies as st

from newsletter.content import cropping, richtext
from newsletter.content.blocks import Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.web.staff.composer import fields

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["a\nb", "\r\n", " x ", "\x00"]
)
shapes, foci = st.sampled_from(["", *cropping.SHAPES]), st.sampled_from([*cropping.FOCI])
pictures = st.none() | st.builds(Picture, st.just("a.jpg"), words, st.just(1), st.just(1), words, words, shapes, foci)
ids = st.sampled_from(["b1", "b2", "b3-7", "b4-text"])
stories = st.one_of(*(st.builds(kind, ids, words, words, words, words, words, pictures) for kind in (Story, LeadStory)))
blocks = st.one_of(stories, st.builds(Text, ids, words), st.builds(Button, ids, words, words), st.builds(Divider, ids))
contents = st.builds(
    IssueContent, words, words, st.lists(blocks, max_size=4, unique_by=lambda block: block.id).map(tuple)
)


@given(content=contents)
def test_a_form_that_nobody_touched_says_what_the_issue_says(content: IssueContent) -> None:
    sent = {name: value.replace("\n", "\r\n") for name, value in fields.of(content).items()}

    assert fields.read(sent, content) == content


@given(content=contents)
def test_a_form_without_fields_changes_nothing(content: IssueContent) -> None:
    assert fields.read({}, content) == content


@given(content=contents, typed=words)
def test_whatever_is_typed_is_kept_clean(content: IssueContent, typed: str) -> None:
    read = fields.read(dict.fromkeys(fields.of(content), typed), content)

    assert fields.read({**fields.of(read)}, read) == read
    for block in read.blocks:
        if isinstance(block, Text) and block not in content.blocks:
            assert richtext.clean(block.text) == block.text


def test_only_what_differs_is_changed() -> None:
    base = IssueContent("A", "B", (Story("s", "Titel", "<p>x</p>", picture=Picture("p.jpg", "alt", 2, 1)),))

    read = fields.read(
        {"subject": " Neu\n", "s.text": "<b>fett</b>", "s.alt": "See", "s.layout": "lead", "t.title": "?"}, base
    )

    assert read == IssueContent(
        "Neu",
        "B",
        (LeadStory("s", "Titel", "<p><strong>fett</strong></p>", picture=Picture("p.jpg", "See", 2, 1)),),
    )


def test_only_a_shape_and_a_place_that_there_are_can_be_chosen() -> None:
    base = IssueContent("A", "B", (Story("s", "T", "", picture=Picture("p.jpg", "", 2, 1, shape="1:1")),))

    assert fields.read({"s.shape": "7:1", "s.focus": "outside"}, base) == base
    chosen = fields.read({"s.shape": "", "s.focus": "left"}, base).blocks[0]
    assert chosen == Story("s", "T", "", picture=Picture("p.jpg", "", 2, 1, focus="left"))
