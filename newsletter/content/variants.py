"""Topics on blocks, and a second language: what a reader gets to see, and how many different mails that makes.

    sections = variants.sections(content)  # (("culture",), ("culture", "sports")): each set of topics on a block, once
    variants.numbers(sections)             # (3, 2, 0): what a reader can get to see, everything first
    variants.content_of(content, 2)        # without the blocks of the first section
    variants.numbers_of(content)           # (3, 2, 0, 7, 6, 4) where there is a second language

A reader sees the blocks without topics and those that share a topic with what they chose. A variant is known by a
number with a bit for each section that is seen, the first section's the lowest; above them is the bit of those who
read the second language.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from newsletter.content import translating
from newsletter.content.blocks import IssueContent, LeadStory, Story

MOST = 64  # each is compiled and stored, and kept ready by whoever sends

Sections = tuple[tuple[str, ...], ...]


def sections(content: IssueContent) -> Sections:
    """The sets of topics that stand on blocks, in the order in which they first do."""
    return tuple(dict.fromkeys(block.topics for block in content.blocks if block.topics))


def everything(sections: Sections) -> int:
    """The number of the variant with all blocks."""
    return (1 << len(sections)) - 1


def numbers(sections: Sections, *, at_most: int = MOST) -> tuple[int, ...]:
    """The variants that readers can have, largest number and so everything first; at most one more than asked for.

    Found by the topics one after another: who chooses one more sees its sections, too.
    """
    found = {everything(sections), 0}
    for topic in topics(sections):
        found |= {number | number_of({topic}, sections) for number in found}
        if len(found) > at_most:
            break
    return tuple(sorted(found, reverse=True)[: at_most + 1])


def numbers_of(content: IssueContent, *, at_most: int = MOST) -> tuple[int, ...]:
    """The variants that readers of a content can have, as `both` has them; at most one more than asked for."""
    found = sections(content)
    numbered = both(numbers(found, at_most=at_most), found, has_second=content.translation is not None)
    return numbered[: at_most + 1]


def both(numbers: tuple[int, ...], sections: Sections, *, has_second: bool) -> tuple[int, ...]:
    """These variants in the first language, then in the second, where there is one."""
    return (*numbers, *(number | in_second(sections) for number in numbers if has_second))


def in_second(sections: Sections) -> int:
    """The bit of those who read the second language."""
    return 1 << len(sections)


def is_in_second(number: int, sections: Sections) -> bool:
    """Tell whether a variant is in the second language."""
    return bool(number & in_second(sections))


def number_of(chosen: Collection[str], sections: Sections) -> int:
    """The variant of a reader who chose these topics."""
    return sum(2**place for place, section in enumerate(sections) if not set(section).isdisjoint(chosen))


def topics(sections: Sections) -> tuple[str, ...]:
    """The topics that stand on blocks."""
    return tuple(dict.fromkeys(topic for section in sections for topic in section))


def chosen_for(number: int, sections: Sections) -> tuple[str, ...]:
    """The topics of a reader who sees just this: all of those that give no other section."""
    return tuple(topic for topic in topics(sections) if number_of({topic}, sections) & ~number == 0)


def content_of(content: IssueContent, number: int) -> IssueContent:
    """The content with the blocks of a variant alone, and the words of its language alone."""
    found = sections(content)
    seen = {section for place, section in enumerate(found) if number >> place & 1}
    shown = replace(
        content, blocks=tuple(block for block in content.blocks if not block.topics or block.topics in seen)
    )
    return translating.translated(shown) if is_in_second(number, found) else translating.ended(shown)


def without_story(content: IssueContent, numbers: Iterable[int]) -> tuple[int, ...]:
    """Of these variants those that tell no news: no story is left, though the issue has some, or no block at all."""
    has_stories = _has_story(content)
    shown = ((number, content_of(content, number)) for number in numbers)
    return tuple(number for number, left in shown if not left.blocks or (has_stories and not _has_story(left)))


def _has_story(content: IssueContent) -> bool:
    return any(isinstance(block, LeadStory | Story) for block in content.blocks)
