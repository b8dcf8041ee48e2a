"""Issue content as JSON, the form a revision keeps.

    stored = to_stored(content)  # {"format": 1, "subject": …, "blocks": [{"kind": "story", …}]}
    from_stored(stored) == content

`format` rises when a block's fields change; old formats stay readable.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from newsletter.content.blocks import (
    Block,
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

FORMAT = 1
_KINDS: dict[str, type[Block]] = {
    "lead story": LeadStory,
    "story": Story,
    "text": Text,
    "button": Button,
    "divider": Divider,
}
_LATER = frozenset({"shape", "focus"})  # of a picture
_NAMES = {kind: name for name, kind in _KINDS.items()}


def kind_of(block: Block) -> str:
    """The stored name of a block's kind, such as `lead story`."""
    return _NAMES[type(block)]


def to_stored(content: IssueContent) -> dict[str, Any]:
    """Turn content into JSON values."""
    stored: dict[str, Any] = {
        "format": FORMAT,
        "subject": content.subject,
        "preheader": content.preheader,
        "blocks": [_stored(block) for block in content.blocks],
    }
    if content.translation:
        stored["translation"] = {"language": content.translation.language, "words": dict(content.translation.words)}
    return stored


def from_stored(stored: Mapping[str, Any]) -> IssueContent:
    """Read what `to_stored` wrote."""
    blocks = tuple(_block(value) for value in stored["blocks"])
    return IssueContent(
        subject=stored["subject"],
        preheader=stored["preheader"],
        blocks=blocks,
        translation=_translation(stored.get("translation")),
    )


def _stored(block: Block) -> dict[str, Any]:
    """A block as JSON. What came later is left out where it says nothing: so what was approved before stays so."""
    fields = {"kind": kind_of(block), **asdict(block)}
    if not block.topics:
        del fields["topics"]
    if fields.get("picture"):
        fields["picture"] = {name: value for name, value in fields["picture"].items() if value or name not in _LATER}
    return fields


def _translation(value: Mapping[str, Any] | None) -> Translation | None:
    return None if value is None else Translation(value["language"], tuple(sorted(value["words"].items())))


def _block(value: Mapping[str, Any]) -> Block:
    fields = {key: field for key, field in value.items() if key != "kind"}
    if fields.get("picture"):
        fields["picture"] = Picture(**fields["picture"])
    if fields.get("origin"):
        fields["origin"] = Origin(**fields["origin"])
    if fields.get("topics"):
        fields["topics"] = tuple(fields["topics"])
    return _KINDS[value["kind"]](**fields)
