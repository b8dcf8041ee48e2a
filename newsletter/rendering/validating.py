"""Is this MJML meant? mrml would compile what is misspelt or misplaced, and show nothing.

Unknown elements and attributes, wrong parents, words outside the elements that show words, values
without a unit, pictures without `alt`: each is refused with its template and line.
"""

import re

from newsletter.rendering.components import COMPONENTS, REFUSED, Component
from newsletter.rendering.errors import TemplateInvalid
from newsletter.rendering.scanning import Token

_ALL_ATTRIBUTES = frozenset(name for component in COMPONENTS.values() for name in component.attributes)
_LENGTHS = re.compile(r"((^|\s+)(0|[0-9.]+(px|%)))+|")
_MEASURED = re.compile("(inner-|ico-)?padding(-top|-right|-bottom|-left)?|font-size|icon-size|letter-spacing")
_SHOW_PICTURES = frozenset({"mj-image", "mj-social-element", "mj-carousel-image", "img"})
_REFUSED_ATTRIBUTES = {
    ("mj-style", "inline"): "rules to be written into elements belong into theme.css.",
    ("mj-raw", "position"): "the compiler does not know the attribute “position”.",
}


def validate(tokens: tuple[Token, ...]) -> None:
    """Go through the whole document.

    Raises:
        TemplateInvalid: the first mistake, with its place.
    """
    if not tokens or tokens[0].name != "mjml":
        raise TemplateInvalid("issue.mjml", 1, "it does not begin with <mjml>.")
    for token in tokens:
        if token.kind == "text":
            _check_text(token)
        elif token.kind in {"open", "empty"}:
            _check_element(token)


def _check_text(token: Token) -> None:
    if token.parent in {"mj-style", "style"} and "<" in token.text:
        _fail(token, "the compiler cannot read “<” in a style sheet: write (max-width: 480px), not (width <= 480px).")
    parent = COMPONENTS.get(token.parent)
    if token.text.strip() and parent is not None and not parent.holds_html:
        _fail(token, f"the words “{token.text.strip()[:40]}” stand in <{token.parent}>, which shows none.")
    if token.text.strip() and not token.parents:
        _fail(token, f"the words “{token.text.strip()[:40]}” stand outside of <mjml>.")


def _check_element(token: Token) -> None:
    if token.name.lower() in REFUSED:
        _fail(token, f"<{token.name}> cannot be used: {REFUSED[token.name.lower()]}")
    component = COMPONENTS.get(token.name)
    if component is not None:
        _check_component(token, component)
    elif token.name.lower().startswith("mj"):
        _fail(token, f"there is no element <{token.name}>.")
    elif not any(parent in COMPONENTS and COMPONENTS[parent].holds_html for parent in token.parents):
        _fail(token, f"<{token.name}> stands outside of mj-text, mj-raw and the other elements that hold HTML.")
    if token.name in _SHOW_PICTURES and "mj-attributes" not in token.parents:
        _check_picture(token)


def _check_component(token: Token, component: Component) -> None:
    if token.parent == "mj-attributes":
        allowed = _ALL_ATTRIBUTES if token.name in {"mj-all", "mj-class"} else component.attributes
    else:
        allowed = component.attributes
        _check_parent(token, component)
    for name, value in token.attributes:
        if (token.name, name) in _REFUSED_ATTRIBUTES:
            _fail(token, _REFUSED_ATTRIBUTES[token.name, name])
        if name not in allowed:
            _fail(token, f"<{token.name}> has no attribute “{name}”.")
        if _MEASURED.fullmatch(name) and not _LENGTHS.fullmatch(value.strip()):
            _fail(token, f'{name}="{value}" is no length: write it like “20px” or “50%”.')


def _check_parent(token: Token, component: Component) -> None:
    if token.parent not in component.parents and (token.parents or component.parents):
        where = f"in <{token.parent}>" if token.parents else "outside of <mjml>"
        wanted = ", ".join(f"<{name}>" for name in sorted(component.parents))
        _fail(token, f"<{token.name}> stands {where}; it belongs into {wanted or 'nothing'}.")


def _check_picture(token: Token) -> None:
    attributes = dict(token.attributes)
    if "alt" not in attributes:
        _fail(token, f'<{token.name}> has no alt: describe the picture, or write alt="" if it only decorates.')
    if not attributes.get("src"):
        _fail(token, f"<{token.name}> has no src.")


def _fail(token: Token, reason: str) -> None:
    raise TemplateInvalid(
        token.place.name if token.place else "issue.mjml", token.place.line if token.place else None, reason
    )
