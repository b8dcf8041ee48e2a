"""The elements of MJML: where each may stand and which attributes it has.

Source: the component reference of MJML, https://documentation.mjml.io/.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Component:
    """One element. `holds_html` means words and HTML inside instead of further elements."""

    parents: frozenset[str]
    attributes: frozenset[str]
    holds_html: bool = False


_SIDES = "padding padding-top padding-right padding-bottom padding-left"
_BORDERS = "border border-top border-right border-bottom border-left border-radius"
_FONT = "font-family font-size font-style font-weight letter-spacing line-height color"
_DECORATION = "text-decoration text-transform"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position background-position-x"
    " background-position-y"
)
_IN_COLUMN = "mj-column mj-hero"
_LINK = "href name rel target title"
_ICONS = "icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt"


def _component(parents: str, *attributes: str, holds_html: bool = False) -> Component:
    everywhere = "css-class mj-class" if not parents.startswith(("mj-head", "mj-attributes")) else ""
    names = " ".join((*attributes, everywhere)).split()
    return Component(frozenset(parents.split()), frozenset(names), holds_html)


COMPONENTS: dict[str, Component] = {
    "mjml": _component("", "lang dir owa"),
    # The head.
    "mj-head": _component("mjml"),
    "mj-attributes": _component("mj-head"),
    "mj-all": _component("mj-attributes"),
    "mj-class": _component("mj-attributes", "name"),
    "mj-breakpoint": _component("mj-head", "width"),
    "mj-preview": _component("mj-head", holds_html=True),
    "mj-style": _component("mj-head", holds_html=True),
    "mj-title": _component("mj-head", holds_html=True),
    # The layout.
    "mj-body": _component("mjml", "background-color width id"),
    "mj-wrapper": _component(
        "mj-body", _BACKGROUND, _BORDERS, _SIDES, "full-width direction text-align text-padding gap"
    ),
    "mj-section": _component(
        "mj-body mj-wrapper", _BACKGROUND, _BORDERS, _SIDES, "full-width direction text-align text-padding"
    ),
    "mj-group": _component("mj-section", "background-color direction vertical-align width"),
    "mj-column": _component(
        "mj-section mj-group",
        _BORDERS,
        _SIDES,
        "background-color direction inner-background-color inner-border inner-border-top inner-border-right",
        "inner-border-bottom inner-border-left inner-border-radius vertical-align width",
    ),
    "mj-hero": _component(
        "mj-body mj-wrapper",
        _SIDES,
        "background-color background-height background-position background-url background-width border-radius",
        "container-background-color height inner-background-color inner-padding inner-padding-top",
        "inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align width",
    ),
    # The content.
    "mj-text": _component(
        _IN_COLUMN, _FONT, _DECORATION, _SIDES, "align container-background-color height", holds_html=True
    ),
    "mj-button": _component(
        _IN_COLUMN,
        _FONT,
        _DECORATION,
        _BORDERS,
        _SIDES,
        _LINK,
        "align background-color container-background-color height inner-padding text-align vertical-align width",
        holds_html=True,
    ),
    "mj-image": _component(
        _IN_COLUMN,
        _BORDERS,
        _SIDES,
        _LINK,
        "align alt container-background-color fluid-on-mobile font-size height max-height sizes src srcset usemap",
        "width",
    ),
    "mj-divider": _component(
        _IN_COLUMN, _SIDES, "align border-color border-style border-width container-background-color width"
    ),
    "mj-spacer": _component(_IN_COLUMN, _SIDES, "container-background-color height"),
    "mj-table": _component(
        _IN_COLUMN,
        _FONT,
        _SIDES,
        "align border cellpadding cellspacing container-background-color role table-layout vertical-align width",
        holds_html=True,
    ),
    "mj-raw": _component(
        "mj-body mj-head mj-wrapper mj-section mj-group mj-column mj-hero mj-navbar mj-social mj-accordion mj-carousel",
        "position",
        holds_html=True,
    ),
    "mj-navbar": _component(
        _IN_COLUMN,
        _SIDES,
        "align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size ico-line-height ico-open",
        "ico-padding ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left ico-text-decoration",
        "ico-text-transform",
    ),
    "mj-navbar-link": _component("mj-navbar", _FONT, _DECORATION, _SIDES, _LINK, holds_html=True),
    "mj-social": _component(
        _IN_COLUMN,
        _FONT,
        _DECORATION,
        _SIDES,
        "align border-radius container-background-color icon-height icon-padding icon-size inner-padding mode",
        "table-layout text-padding vertical-align",
    ),
    "mj-social-element": _component(
        "mj-social",
        _FONT,
        _DECORATION,
        _SIDES,
        _LINK,
        "align alt background-color border-radius icon-height icon-padding icon-position icon-size sizes src srcset",
        "text-padding vertical-align",
        holds_html=True,
    ),
    "mj-accordion": _component(_IN_COLUMN, _SIDES, _ICONS, "border container-background-color font-family"),
    "mj-accordion-element": _component("mj-accordion", _ICONS, "background-color border font-family"),
    "mj-accordion-title": _component(
        "mj-accordion-element", _SIDES, "background-color color font-family font-size font-weight", holds_html=True
    ),
    "mj-accordion-text": _component("mj-accordion-element", _FONT, _SIDES, "background-color", holds_html=True),
    "mj-carousel": _component(
        _IN_COLUMN,
        _SIDES,
        "align background-color border-radius container-background-color icon-width left-icon right-icon tb-border",
        "tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails",
    ),
    "mj-carousel-image": _component(
        "mj-carousel", _LINK, "alt border-radius src srcset tb-border tb-border-radius thumbnails-src"
    ),
}

REFUSED: dict[str, str] = {
    "mj-include": "take Jinja's {% include %} instead.",
    "mj-font": "a web font calls a stranger's server for each reader; name installed fonts in font-family.",
    "mj-html-attributes": "the compiler does not know it.",
    "mj-selector": "the compiler does not know it.",
    "script": "no mail client runs scripts, and filters take them for an attack.",
    "iframe": "no mail client shows it.",
    "object": "no mail client shows it.",
    "embed": "no mail client shows it.",
    "base": "it would change where links lead.",
    "link": "a style sheet from elsewhere calls a server for each reader; write the rules into theme.css.",
    "form": "most mail clients take it out; link to a page instead.",
}
