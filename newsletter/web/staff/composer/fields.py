"""An issue as the fields of a form, and back.

    fields.of(content)["b3.title"]  # 'Fest am See'
    fields.read(form, base)  # the base, with what the form says

A field that was not touched gives back exactly what the issue says, whatever browsers do to line ends; so looking at
an approved issue never changes it. A field that the form does not have stays as it was.

What can be said again in the second language has a field of its own beside it: `b3.en:title`.
"""

from collections.abc import Container, Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from newsletter.content import characters, cropping, richtext, translating
from newsletter.content.blocks import Block, IssueContent, LeadStory, Picture, Story
from newsletter.issues import arranging

LONGEST_LINE, LONGEST_TEXT = 1_000, 40_000  # characters: far more than any mail can show
OF_ISSUE = ("subject", "preheader")
WRITTEN_OF_PICTURE = ("alt", "caption", "credit")
CHOSEN_OF_PICTURE: dict[str, Container[str]] = {"shape": {"", *cropping.SHAPES}, "focus": cropping.FOCI}
OF_PICTURE = (*WRITTEN_OF_PICTURE, *CHOSEN_OF_PICTURE)
LAYOUT = "layout"
OFFERED, TOPIC = "offered", "topic"  # the topics that can be ticked, and each of them, as in `b3.topic.culture`
_WRITTEN = ("title", "text", "link", "link_text", "date", "label")


def of(content: IssueContent) -> dict[str, str]:
    """All fields, by name: `subject`, and `b3.title` for what is in a block."""
    named = {name: getattr(content, name) for name in OF_ISSUE}
    for block in content.blocks:
        named |= {f"{block.id}.{name}": value for name, value in _of_block(block).items()}
    if content.translation:
        words = translating.words_of(content)
        for name in translating.translatable(content):
            named[translating.form_name(name, content.translation.language)] = words.get(name, "")
    return {name: _shown(name, value) for name, value in named.items()}


def read(form: Mapping[str, str], base: IssueContent) -> IssueContent:
    """The base, with what the form says."""
    said: dict[str, Any] = {name: _said(form, name, getattr(base, name)) for name in OF_ISSUE}
    blocks = tuple(_read_block(form, block) for block in base.blocks)
    content = translating.with_words(replace(base, blocks=blocks, **said), _read_words(form, base))
    for block in base.blocks:
        layout = form.get(f"{block.id}.{LAYOUT}", "")
        if layout in arranging.LAYOUTS:
            content = arranging.lay_out(content, block.id, layout)
    return content


def is_rich(name: str) -> bool:
    """Tell whether a field holds rich text."""
    return name.endswith((".text", ":text"))


def _of_block(block: Block) -> dict[str, str]:
    named = {name: getattr(block, name) for name in _names(block)}
    if isinstance(block, LeadStory | Story):
        named[LAYOUT] = "lead" if isinstance(block, LeadStory) else "story"
        if block.picture:
            named |= {name: getattr(block.picture, name) for name in OF_PICTURE}
    return named


def _read_block(form: Mapping[str, str], block: Block) -> Block:
    changed: dict[str, Any] = {name: _said(form, f"{block.id}.{name}", getattr(block, name)) for name in _names(block)}
    if isinstance(block, LeadStory | Story) and block.picture:
        changed["picture"] = _read_picture(form, block.id, block.picture)
    return replace(block, topics=_read_topics(form, block), **changed)


def _read_words(form: Mapping[str, str], base: IssueContent) -> dict[str, str]:
    """The words of the second language, where there is one."""
    if base.translation is None:
        return {}
    language, was = base.translation.language, translating.words_of(base)
    return {
        name: _said(form, translating.form_name(name, language), was.get(name, ""))
        for name in translating.translatable(base)
    }


def _read_topics(form: Mapping[str, str], block: Block) -> tuple[str, ...]:
    """The topics that are ticked, of those that the form offers; what it does not offer stays."""
    offered = form.get(f"{block.id}.{OFFERED}", "").split()
    ticked = {topic for topic in offered if f"{block.id}.{TOPIC}.{topic}" in form}
    return tuple(sorted({topic for topic in block.topics if topic not in offered} | ticked))


def _read_picture(form: Mapping[str, str], block: str, picture: Picture) -> Picture:
    said: dict[str, Any] = {name: _said(form, f"{block}.{name}", getattr(picture, name)) for name in WRITTEN_OF_PICTURE}
    for name, choices in CHOSEN_OF_PICTURE.items():
        if form.get(f"{block}.{name}") in choices:
            said[name] = form[f"{block}.{name}"]
    return replace(picture, **said)


def _names(block: Block) -> tuple[str, ...]:
    has = {field.name for field in fields_of(block)}
    return tuple(name for name in _WRITTEN if name in has)


def _said(form: Mapping[str, str], name: str, was: str) -> str:
    said = form.get(name)
    if said is None or _normal(said) == _shown(name, was):
        return was
    if is_rich(name):
        return richtext.clean(_normal(said)[:LONGEST_TEXT])
    return characters.on_one_line(said[:LONGEST_LINE])


def _shown(name: str, value: str) -> str:
    """A value as a browser gives it back: a line has no line ends."""
    normal = _normal(value)
    return normal if is_rich(name) else normal.replace("\n", "")


def _normal(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")
