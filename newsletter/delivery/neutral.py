"""A mail as everybody may see it: nobody's name, nobody's links.

    neutral.html(compiled, view_url=f"{url}/archive/news/…", own_page=f"{url}/leave")

No delivery and no person is looked at, so none can show: each slot is filled for a reader of whom nothing is known.
What greets by name greets by its fallback; each link that would be a reader's own leads to `own_page`, which says
where one's own link is, and the link to view the mail to `view_url`.
"""

from dataclasses import fields

from newsletter.delivery.assembly import filled
from newsletter.delivery.recipients import Links, Recipient
from newsletter.rendering.compiled import CompiledIssue

NOBODY = Recipient(address="")


def html(compiled: CompiledIssue, *, view_url: str, own_page: str) -> str:
    """The HTML part.

    Raises:
        SlotInvalid: a slot is no expression, or asks for something that is not there.
    """
    return filled(compiled.html, NOBODY, _links(view_url, own_page), escaped=True)


def text(compiled: CompiledIssue, *, view_url: str, own_page: str) -> str:
    """The text part, likewise."""
    return filled(compiled.text, NOBODY, _links(view_url, own_page), escaped=False)


def subject(compiled: CompiledIssue) -> str:
    """The subject, likewise."""
    return filled(compiled.subject, NOBODY, Links(), escaped=False)


def _links(view_url: str, own_page: str) -> Links:
    """All links there are, also those that are added one day."""
    return Links(**{field.name: own_page for field in fields(Links)} | {"view": view_url})
