"""A mail as everybody may see it: nobody's name, nobody's links.

    neutral.html(compiled, view_url=f"{url}/archive/news/…", public_url=url)

No delivery and no person is looked at, so none can show: each slot is filled for a reader of whom nothing is known.
What greets by name greets by its fallback; each link that would be a reader's own leads to a page that says where
one's own link is, and the link to view the mail to `view_url`.
"""

from dataclasses import fields

from newsletter.delivery.assembly import filled
from newsletter.delivery.recipients import Links, Recipient
from newsletter.rendering.compiled import CompiledIssue

# Where one's own links are explained; any other link to a page of one's own leads to how to leave.
EXPLAINED = {"preferences": "/preferences", "measuring": "/measuring"}
NOBODY = Recipient(address="")


def html(compiled: CompiledIssue, *, view_url: str, public_url: str) -> str:
    """The HTML part.

    Raises:
        SlotInvalid: a slot is no expression, or asks for something that is not there.
    """
    return filled(compiled.html, NOBODY, _links(view_url, public_url), escaped=True)


def text(compiled: CompiledIssue, *, view_url: str, public_url: str) -> str:
    """The text part, likewise."""
    return filled(compiled.text, NOBODY, _links(view_url, public_url), escaped=False)


def subject(compiled: CompiledIssue) -> str:
    """The subject, likewise."""
    return filled(compiled.subject, NOBODY, Links(), escaped=False)


def _links(view_url: str, public_url: str) -> Links:
    """All links there are, also those that are added one day."""
    pages = {field.name: f"{public_url}{EXPLAINED.get(field.name, '/leave')}" for field in fields(Links)}
    return Links(**pages | {"view": view_url})
