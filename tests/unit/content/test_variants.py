from newsletter.content import translating, variants
from newsletter.content.blocks import Divider, IssueContent, Story, Text


def a_content(*topics: tuple[str, ...]) -> IssueContent:
    """A greeting, and a story for each of these sets of topics."""
    stories = (Story(f"b{number}", "Titel", "", topics=of_one) for number, of_one in enumerate(topics, start=2))
    return IssueContent("Betreff", blocks=(Text("b1", "<p>Guten Tag</p>"), *stories))


def seen(content: IssueContent, *chosen: str) -> str:
    """The ids of the blocks that a reader of these topics sees."""
    number = variants.number_of(chosen, variants.sections(content))
    return " ".join(block.id for block in variants.content_of(content, number).blocks)


def test_a_reader_sees_what_is_for_everybody_and_what_shares_a_topic() -> None:
    content = a_content((), ("culture",), ("culture", "sports"))

    assert seen(content, "culture") == "b1 b2 b3 b4"
    assert seen(content, "sports") == "b1 b2 b4"
    assert seen(content, "traffic") == "b1 b2"
    assert seen(content) == "b1 b2"


def test_only_what_differs_is_a_variant() -> None:
    sections = variants.sections(a_content(("culture",), ("culture", "sports"), ("culture",)))

    assert sections == (("culture",), ("culture", "sports"))
    assert variants.numbers(sections) == (3, 2, 0)
    assert [variants.chosen_for(number, sections) for number in (3, 2, 0)] == [("culture", "sports"), ("sports",), ()]


def test_without_topics_there_is_nothing_but_everything() -> None:
    assert variants.sections(a_content(())) == ()
    assert variants.numbers(()) == (0,)


def test_counting_ends_where_there_are_too_many() -> None:
    each_its_own = variants.sections(a_content(*((f"t{number}",) for number in range(200))))
    all_in_one = variants.sections(a_content(tuple(f"t{number:03}" for number in range(200))))

    assert len(variants.numbers(each_its_own)) == 65
    assert len(variants.numbers(all_in_one)) == 2


def test_no_news_are_left_for_whom_there_is_no_story() -> None:
    of_stories = a_content(("culture",), ("sports",))
    of_texts = IssueContent(
        "x", blocks=(Text("b1", "<p>x</p>", topics=("culture",)), Divider("b2", topics=("sports",)))
    )

    assert variants.without_story(of_stories, (3, 2, 1, 0)) == (0,)
    assert variants.without_story(of_texts, (3, 2, 1, 0)) == (0,)


def test_a_second_language_doubles_the_variants() -> None:
    content = translating.with_words(
        translating.begun(a_content(("culture",), ("culture", "sports")), "en"),
        {"subject": "News", "b3.title": "Derby"},
    )

    assert variants.numbers_of(content) == (3, 2, 0, 7, 6, 4)
    assert variants.numbers_of(translating.ended(content)) == (3, 2, 0)
    german, english = variants.content_of(content, 2), variants.content_of(content, 6)
    assert [block.id for block in german.blocks] == [block.id for block in english.blocks] == ["b1", "b3"]
    assert (german.subject, english.subject) == ("Betreff", "News")
    assert [german.translation, english.translation] == [None, None]
    assert variants.chosen_for(6, variants.sections(content)) == ("sports",)
    assert variants.without_story(content, (0, 4)) == (0, 4)


def test_both_languages_count_towards_the_most_that_there_can_be() -> None:
    topics = tuple((f"t{number}",) for number in range(6))
    content = a_content(*topics)

    assert len(variants.numbers_of(content)) == 64
    assert len(variants.numbers_of(translating.begun(content, "en"))) == 65
