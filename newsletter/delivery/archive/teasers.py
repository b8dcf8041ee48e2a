"""What an issue says in short: a line for lists of issues, and HTML for feeds.

Made of the content that was approved; merge fields stand as their fallbacks.
"""

from markupsafe import Markup

from newsletter.content.blocks import IssueContent, LeadStory, Story
from newsletter.delivery.assembly import filled
from newsletter.delivery.neutral import NOBODY
from newsletter.delivery.recipients import Links
from newsletter.rendering.slots import Slots
from newsletter.rendering.view import BlockView, HtmlWords, TextWords, view_of

_TITLES = 3  # as many as fit into two lines


def line_of(content: IssueContent) -> str:
    """The preheader; without one, the titles of the first stories."""
    titles = [block.title for block in content.blocks if isinstance(block, LeadStory | Story)]
    line = content.preheader if content.preheader.strip() else " · ".join(titles[:_TITLES])
    slots = _slots(content)
    return filled(slots.split(TextWords(slots).plain(line)), NOBODY, Links(), escaped=False).strip()


def html_of(content: IssueContent) -> str:
    """Every block's words and links as HTML without pictures, styles or anything relative."""
    slots = _slots(content)
    view = view_of(content, HtmlWords(slots), public_url="")
    markup = Markup("\n").join(part for block in view.blocks for part in _parts(block))
    return filled(slots.split(markup), NOBODY, Links(), escaped=True)


def _slots(content: IssueContent) -> Slots:
    return Slots.apart_from(repr(content))


def _parts(block: BlockView) -> list[Markup]:
    """A heading, the words, and the way to more; a button is a way alone."""
    title, link = Markup(block.title), Markup(block.link and HtmlWords(Slots("")).plain(block.link))  # noqa: S704  # escaped
    if block.kind == "button":
        return [Markup('<p><a href="{}">{}</a></p>').format(link, title)]
    parts = []
    if title:
        linked = Markup('<a href="{}">{}</a>').format(link, title) if link else title
        parts.append(Markup("<h2>{}</h2>").format(linked))
    if block.text:
        parts.append(Markup(block.text))  # noqa: S704  # rich text, cleaned by the view
    return parts
