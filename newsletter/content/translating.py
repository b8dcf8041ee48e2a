"""An issue in a second language: which of its fields can be said again, and the issue as it is read then.

    content = begun(content, "en")
    content = with_words(content, {"subject": "News in May", "b3.title": "Festival"})
    translated(content).subject  # 'News in May'; what is not written again stays in the first language
    missing(content)             # ('preheader', 'b3.text'): what is written in the first language alone

Blocks, their order, layouts, pictures and topics are the same in both. A word's name is that of its field: `subject`,
or `b3.title` for what is in a block. To forms, differences and conflicts the field is another one, `en:title`
(`field_of`), in the same block.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from newsletter.content.blocks import Block, IssueContent, LeadStory, Story, Translation
from newsletter.content.characters import is_blank

OF_ISSUE = ("subject", "preheader")
OF_PICTURE = ("alt", "caption")
LANGUAGE = "language"  # what tells in differences whether there is a second language, and which
_OF_BLOCK = ("title", "text", "link", "link_text", "date", "label")
_SHARED_WELL = frozenset({"link"})  # most pages have no address of their own in each language


def begun(content: IssueContent, language: str) -> IssueContent:
    """The content, also in a language, with nothing written in it yet."""
    return replace(content, translation=Translation(language))


def ended(content: IssueContent) -> IssueContent:
    """The content in its first language alone."""
    return replace(content, translation=None)


def words_of(content: IssueContent) -> dict[str, str]:
    """What is written in the second language, by name."""
    return dict(content.translation.words) if content.translation else {}


def with_words(content: IssueContent, words: Mapping[str, str]) -> IssueContent:
    """The content with these words in the second language, an empty one taken out; without a second one as it is."""
    if content.translation is None:
        return content
    return replace(content, translation=made(content.translation.language, {**words_of(content), **words}))


def without_block(content: IssueContent, block: str) -> IssueContent:
    """The content without the second language's words of a block."""
    return with_words(content, dict.fromkeys((name for name in words_of(content) if block_of(name) == block), ""))


def made(language: str, words: Mapping[str, str]) -> Translation:
    """The translation of these words, in the form in which it is kept."""
    return Translation(language, tuple(sorted((name, word) for name, word in words.items() if word)))


def block_of(name: str) -> str:
    """The block that a word's name is in; empty for the issue's own."""
    return name.rpartition(".")[0]


def field_of(name: str, language: str) -> str:
    """The field of a word's name, as differences and conflicts call it: `en:title` of `b3.title`."""
    return f"{language}:{name.rpartition('.')[2]}"


def form_name(name: str, language: str) -> str:
    """A word's name in forms: `b3.en:title` of `b3.title`."""
    return ".".join(filter(None, (block_of(name), field_of(name, language))))


def translatable(content: IssueContent) -> dict[str, str]:
    """All that can be said again, by name in reading order, as the first language says it."""
    named = {name: getattr(content, name) for name in OF_ISSUE}
    for block in content.blocks:
        named |= {f"{block.id}.{field}": word for field, word in _of_block(block).items()}
    return named


def missing(content: IssueContent) -> tuple[str, ...]:
    """The names of what is written in the first language alone, in reading order; links may well be the same."""
    if content.translation is None:
        return ()
    written = words_of(content)
    return tuple(
        name
        for name, word in translatable(content).items()
        if not is_blank(word) and name not in written and name.rpartition(".")[2] not in _SHARED_WELL
    )


def translated(content: IssueContent) -> IssueContent:
    """The issue as readers of the second language get it: its words, else those of the first."""
    words = words_of(content)
    return replace(
        content,
        subject=words.get("subject", content.subject),
        preheader=words.get("preheader", content.preheader),
        blocks=tuple(_translated(block, words) for block in content.blocks),
        translation=None,
    )


def _of_block(block: Block) -> dict[str, str]:
    has = {field.name for field in fields(block)}
    named = {name: getattr(block, name) for name in _OF_BLOCK if name in has}
    if isinstance(block, LeadStory | Story) and block.picture:
        named |= {name: getattr(block.picture, name) for name in OF_PICTURE}
    return named


def _translated(block: Block, words: Mapping[str, str]) -> Block:
    said: dict[str, Any] = {}
    for name in _of_block(block):
        if f"{block.id}.{name}" in words:
            said[name] = words[f"{block.id}.{name}"]
    of_picture = {name: said.pop(name) for name in OF_PICTURE if name in said}
    if of_picture and isinstance(block, LeadStory | Story) and block.picture:
        said["picture"] = replace(block.picture, **of_picture)
    return replace(block, **said)
