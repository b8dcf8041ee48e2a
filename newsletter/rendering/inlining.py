"""The theme's rules written into the elements they match, by premailer; nothing else touched.

Each option is there because the default did harm to MJML's output: style sheets with media
queries, dark mode and `!important` stay as they are, widths stay Outlook's, and nothing is fetched.
"""

import logging
import re

import premailer

from newsletter.rendering.design import THEME
from newsletter.rendering.errors import TemplateInvalid

_COMMENT = re.compile("(<!--.*?-->)", re.DOTALL)
_KEPT_STYLE = '<style data-premailer="ignore"'
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def inline(html: str, css: str) -> str:
    """Write the rules of `css` into style attributes; what an element has already wins.

    Raises:
        TemplateInvalid: the theme holds what cannot be inlined.
    """
    _check(css)
    try:
        written: str = premailer.transform(
            _with_kept_styles(html),
            css_text=css,
            allow_network=False,
            strip_important=False,
            disable_validation=True,  # mso-* are properties too
            align_floating_images=False,
            disable_leftover_css=False,
            cssutils_logging_level=logging.CRITICAL,
            disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        )
    except Exception as error:  # premailer, cssutils and cssselect raise whatever comes
        raise TemplateInvalid(THEME, None, f"its rules cannot be inlined ({error}).") from error
    return written.replace(_KEPT_STYLE, "<style")  # premailer forgets those with a media attribute


def _with_kept_styles(html: str) -> str:
    """Mark the style sheets outside of comments, so that premailer leaves them alone."""
    pieces = _COMMENT.split(html)
    kept = (piece if index % 2 else piece.replace("<style", _KEPT_STYLE) for index, piece in enumerate(pieces))
    return "".join(kept)


def _check(css: str) -> None:
    plain = _CSS_COMMENT.sub(lambda match: "\n" * match[0].count("\n"), css)
    if (at := plain.find("@")) >= 0:
        line = plain.count("\n", 0, at) + 1
        raise TemplateInvalid(THEME, line, "rules with “@” work only in a style sheet: put them into the head.")
