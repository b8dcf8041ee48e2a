import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from newsletter.content.blocks import Button, Divider, IssueContent, LeadStory, Origin, Story, Text
from newsletter.issues import arranging
from newsletter.issues.arranging import Addition
from newsletter.issues.errors import BlockNotFound
from tests.support.makers import an_item

GREETING = Text("g", "<p>Hallo</p>")
FEST = Story("f", "Fest am See", "<p>Am Samstag.</p>", link="https://example.org/fest", origin=Origin(3, 1))
LINE = Divider("l")
CONTENT = IssueContent("Neues", "", (GREETING, FEST, LINE))


def ids(content: IssueContent) -> str:
    return "".join(block.id for block in content.blocks)


def test_the_first_story_is_placed_large_and_the_next_below(session: Session) -> None:
    park, tram = an_item(session), an_item(session, "Ein Ticket für alle")

    one = arranging.place(IssueContent("", "", (GREETING,)), park, base=4, language="de")
    two = arranging.place(one, tram, base=5, language="de")

    assert [(type(block), block.id) for block in two.blocks] == [
        (Text, "g"),
        (LeadStory, f"b5-{park.id}"),
        (Story, f"b6-{tram.id}"),
    ]


@pytest.mark.parametrize(
    ("what", "made"),
    [
        (Addition.TEXT, Text("b8-text", "")),
        (Addition.BUTTON, Button("b8-button", "", "")),
        (Addition.DIVIDER, Divider("b8-divider")),
    ],
)
def test_what_is_added_stands_at_the_end(what: Addition, made: object) -> None:
    assert arranging.add(CONTENT, what, base=7).blocks == (*CONTENT.blocks, made)


@pytest.mark.parametrize(
    ("block", "places", "order"),
    [("f", -1, "fgl"), ("f", 1, "glf"), ("g", -1, "gfl"), ("l", 1, "gfl"), ("g", 2, "flg"), ("l", -9, "lgf")],
)
def test_a_block_is_moved_within_the_issue(block: str, places: int, order: str) -> None:
    assert ids(arranging.move(CONTENT, block, places=places)) == order


@given(block=st.sampled_from("gfl"), place=st.integers(-3, 6))
def test_moving_loses_nothing_and_moves_nothing_else(block: str, place: int) -> None:
    moved = arranging.move_to(CONTENT, block, place=place)

    assert set(moved.blocks) == set(CONTENT.blocks)
    assert ids(moved).index(block) == min(max(place, 0), 2)
    assert ids(arranging.remove(moved, block)) == ids(arranging.remove(CONTENT, block))


def test_a_layout_changes_the_look_and_no_word() -> None:
    large = arranging.lay_out(CONTENT, "f", "lead").blocks[1]

    assert isinstance(large, LeadStory)
    assert dataclasses.asdict(large) == dataclasses.asdict(FEST)
    assert arranging.lay_out(arranging.lay_out(CONTENT, "f", "lead"), "f", "story") == CONTENT
    assert arranging.lay_out(CONTENT, "g", "lead") == CONTENT


def test_a_story_gets_the_words_of_its_item_again_and_stays_where_and_what_it_is(session: Session) -> None:
    park = an_item(session)

    restored = arranging.restore(CONTENT, "f", park, language="de").blocks

    assert ids(IssueContent("", "", restored)) == "gfl"
    assert isinstance(restored[1], Story)
    assert (restored[1].title, restored[1].origin) == ("Der Park ist fertig", Origin(park.id, 1))


def test_what_is_not_there_cannot_be_arranged() -> None:
    with pytest.raises(BlockNotFound, match="no block “x”"):
        arranging.remove(CONTENT, "x")
