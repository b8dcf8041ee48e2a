from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.content import translating
from newsletter.content.blocks import (
    Block,
    Button,
    Divider,
    IssueContent,
    LeadStory,
    Picture,
    Story,
    Text,
    Translation,
)
from newsletter.content.merging import KIND, ORDER, REMOVED, Conflict, Merged, merge

FEST = Story("a", "Fest am See", "<p>Am Samstag.</p>")
HAUS = Story("b", "Neues Rathaus", "<p>Fertig.</p>")
GRUSS = Text("c", "<p>Guten Tag</p>")
BASE = IssueContent("Neues", "Aus der Region", (FEST, HAUS, GRUSS))

words = st.sampled_from(["", "eins", "zwei", "drei"])
blocks = st.lists(
    st.one_of(
        st.builds(Story, st.sampled_from("abcdef"), words, words),
        st.builds(Text, st.sampled_from("abcdef"), words),
        st.builds(Divider, st.sampled_from("abcdef")),
    ),
    max_size=6,
    unique_by=lambda block: block.id,
)


@st.composite
def contents(draw: st.DrawFn) -> IssueContent:
    """An issue, at times with some of its words in English."""
    content = IssueContent(draw(words), draw(words), tuple(draw(blocks)))
    names = st.sampled_from([*translating.translatable(content)])
    english = draw(st.none() | st.dictionaries(names, words))
    return content if english is None else replace(content, translation=translating.made("en", english))


def with_blocks(*blocks: Block) -> IssueContent:
    return replace(BASE, blocks=blocks)


def test_edits_of_different_fields_are_both_taken() -> None:
    mine = with_blocks(replace(FEST, title="Seefest"), HAUS, GRUSS)
    theirs = replace(with_blocks(replace(FEST, text="<p>Am Sonntag.</p>"), HAUS, GRUSS), subject="Neues im Mai")

    merged = merge(BASE, mine=mine, theirs=theirs)

    changed = Story("a", "Seefest", "<p>Am Sonntag.</p>")
    assert merged == Merged(IssueContent("Neues im Mai", "Aus der Region", (changed, HAUS, GRUSS)))


def test_of_the_same_field_theirs_stays_and_mine_is_named() -> None:
    mine = with_blocks(replace(FEST, title="Seefest"), HAUS, GRUSS)
    theirs = with_blocks(replace(FEST, title="Uferfest"), HAUS, GRUSS)

    assert merge(BASE, mine=mine, theirs=theirs) == Merged(theirs, (Conflict("a", "title", "Seefest", "Uferfest"),))


def test_of_a_picture_each_field_is_merged_by_itself() -> None:
    lake = Picture("a.jpg", "See", 4, 3)
    base = with_blocks(replace(FEST, picture=lake))
    mine = with_blocks(replace(FEST, picture=replace(lake, shape="1:1", focus="left")))
    theirs = with_blocks(replace(FEST, picture=replace(lake, alt="Boote", focus="top")))

    merged = merge(base, mine=mine, theirs=theirs)

    both = Picture("a.jpg", "Boote", 4, 3, shape="1:1", focus="top")
    assert merged == Merged(with_blocks(replace(FEST, picture=both)), (Conflict("a", "focus", "left", "top"),))


def test_what_both_changed_alike_is_no_conflict() -> None:
    both = with_blocks(replace(FEST, title="Seefest"), HAUS, GRUSS)

    assert merge(BASE, mine=both, theirs=both) == Merged(both)


def test_a_block_that_i_moved_and_one_that_they_added_are_both_there() -> None:
    line = Divider("d")
    mine = with_blocks(GRUSS, FEST, HAUS)
    theirs = with_blocks(FEST, line, HAUS, GRUSS)

    assert merge(BASE, mine=mine, theirs=theirs) == Merged(with_blocks(GRUSS, FEST, line, HAUS))


def test_new_blocks_stand_where_each_put_them() -> None:
    mine = with_blocks(Divider("m"), FEST, HAUS, GRUSS, Button("n", "Mehr", "https://example.org"))
    theirs = with_blocks(FEST, HAUS, Divider("t"), GRUSS)

    merged = merge(BASE, mine=mine, theirs=theirs)

    assert [block.id for block in merged.content.blocks] == ["m", "a", "b", "t", "c", "n"]


def test_of_two_orders_theirs_stays_and_mine_is_named() -> None:
    mine, theirs = with_blocks(HAUS, FEST, GRUSS), with_blocks(FEST, GRUSS, HAUS)

    conflict = Conflict("", ORDER, ("b", "a", "c"), ("a", "c", "b"))
    assert merge(BASE, mine=mine, theirs=theirs) == Merged(theirs, (conflict,))


def test_a_block_that_one_removed_and_the_other_changed_stays() -> None:
    changed = replace(HAUS, text="<p>Fast fertig.</p>")
    without, with_change = with_blocks(FEST, GRUSS), with_blocks(FEST, changed, GRUSS)

    mine_gone = merge(BASE, mine=without, theirs=with_change)
    theirs_gone = merge(BASE, mine=with_change, theirs=without)

    assert mine_gone == Merged(with_change, (Conflict("b", REMOVED, None, changed),))
    assert theirs_gone == Merged(with_change, (Conflict("b", REMOVED, changed, None),))


def test_a_block_that_one_removed_and_nobody_changed_goes() -> None:
    mine = replace(with_blocks(FEST, GRUSS), preheader="Kurz")
    theirs = with_blocks(replace(FEST, title="Seefest"), HAUS, GRUSS)

    merged = merge(BASE, mine=mine, theirs=theirs)

    assert merged == Merged(IssueContent("Neues", "Kurz", (replace(FEST, title="Seefest"), GRUSS)))


def test_another_kind_of_block_is_taken_whole_or_named_whole() -> None:
    lead = LeadStory("a", "Fest am See", "<p>Am Samstag.</p>")
    retitled = replace(FEST, title="Seefest")

    assert merge(BASE, mine=with_blocks(lead, HAUS, GRUSS), theirs=BASE).content.blocks[0] == lead
    both = merge(BASE, mine=with_blocks(lead, HAUS, GRUSS), theirs=with_blocks(retitled, HAUS, GRUSS))
    assert both == Merged(with_blocks(retitled, HAUS, GRUSS), (Conflict("a", KIND, lead, retitled),))


@given(contents(), contents())
def test_who_is_alone_gets_what_they_wrote(base: IssueContent, changed: IssueContent) -> None:
    assert merge(base, mine=changed, theirs=base) == Merged(changed)
    assert merge(base, mine=base, theirs=changed) == Merged(changed)
    assert merge(base, mine=changed, theirs=changed) == Merged(changed)


@given(contents(), contents(), contents())
def test_no_word_that_i_changed_is_lost(base: IssueContent, mine: IssueContent, theirs: IssueContent) -> None:
    merged = merge(base, mine=mine, theirs=theirs)

    known = {block.id: block for block in base.blocks}
    there = {block.id: block for block in merged.content.blocks}
    named = {(conflict.block, conflict.field) for conflict in merged.conflicts}
    assert len(there) == len(merged.content.blocks)
    for block in mine.blocks:
        if block == known.get(block.id) or there.get(block.id) == block or (block.id, KIND) in named:
            continue
        for field in type(block).__dataclass_fields__:
            before, wrote = getattr(known.get(block.id), field, None), getattr(block, field)
            assert wrote in (before, getattr(there.get(block.id), field, None)) or (block.id, field) in named
    before_in_english, now_in_english = translating.words_of(base), translating.words_of(merged.content)
    for name, word in translating.words_of(mine).items():
        place = translating.block_of(name), translating.field_of(name, "en")
        assert word in (before_in_english.get(name), now_in_english.get(name)) or place in named


@given(contents(), contents(), contents())
def test_saving_what_was_merged_again_changes_nothing(
    base: IssueContent, mine: IssueContent, theirs: IssueContent
) -> None:
    merged = merge(base, mine=mine, theirs=theirs).content

    assert merge(theirs, mine=merged, theirs=merged) == Merged(merged)


def test_topics_of_both_are_there_and_what_either_took_away_is_not() -> None:
    def content(*topics: str) -> IssueContent:
        return IssueContent("x", blocks=(Text("b1", "", topics=topics),))

    merged = merge(content("a", "b", "c"), mine=content("a", "c", "mine"), theirs=content("b", "c", "theirs"))

    assert merged == Merged(content("c", "mine", "theirs"))


def in_english(content: IssueContent = BASE, **words: str) -> IssueContent:
    """The content with these words (`a__title` is `a.title`)."""
    named = {name.replace("__", "."): word for name, word in words.items()}
    return replace(content, translation=translating.made("en", named))


def test_words_of_the_second_language_are_merged_one_by_one() -> None:
    base = in_english(subject="News", a__title="Party")
    mine = in_english(subject="News", a__title="Festival", b__title="Town hall")
    theirs = in_english(subject="News in May", a__title="Fair")

    merged = merge(base, mine=mine, theirs=theirs)

    both = in_english(subject="News in May", a__title="Fair", b__title="Town hall")
    assert merged == Merged(both, (Conflict("a", "en:title", "Festival", "Fair"),))


def test_two_who_add_the_second_language_at_once_have_it_once() -> None:
    merged = merge(BASE, mine=in_english(subject="News"), theirs=in_english(preheader="From here"))

    assert merged == Merged(in_english(subject="News", preheader="From here"))


def test_a_second_language_that_one_takes_away_goes_unless_the_other_wrote_in_it() -> None:
    base, wrote = in_english(subject="News"), in_english(subject="News in May")
    retitled = replace(base, subject="Neues im Mai")

    assert merge(base, mine=BASE, theirs=retitled) == Merged(replace(retitled, translation=None))
    stays = Conflict("", REMOVED, None, Translation("en", (("subject", "News in May"),)))
    assert merge(base, mine=BASE, theirs=wrote) == Merged(wrote, (stays,))
    assert merge(base, mine=wrote, theirs=BASE).content == wrote


def test_a_block_that_one_removed_and_the_other_translated_stays_with_all_its_words() -> None:
    base = in_english(b__title="Town hall")
    mine = with_blocks(FEST, GRUSS)
    without = in_english(mine)
    theirs = in_english(b__title="Town hall", b__text="<p>Done.</p>")

    merged = merge(base, mine=without, theirs=theirs)

    assert merged == Merged(theirs, (Conflict("b", REMOVED, None, HAUS),))
    assert merge(base, mine=without, theirs=base) == Merged(without)
    changed = in_english(with_blocks(FEST, replace(HAUS, title="Rathaus"), GRUSS), b__title="Town hall")
    assert merge(base, mine=without, theirs=changed).content == changed
