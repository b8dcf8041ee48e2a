"""What the shapes of pictures, and the places in them, are called."""

from newsletter.i18n import translations


def shape_names(language: str) -> dict[str, str]:
    """The shapes in the order in which they are offered."""
    _ = translations(language).gettext
    return {"": _("As it is"), "16:9": _("Wide (16:9)"), "4:3": _("Classic (4:3)"), "1:1": _("Square")}


def focus_names(language: str) -> dict[str, str]:
    """The places row by row."""
    _ = translations(language).gettext
    return {
        "top-left": _("Top left"),
        "top": _("Top"),
        "top-right": _("Top right"),
        "left": _("Left"),
        "": _("Middle"),
        "right": _("Right"),
        "bottom-left": _("Bottom left"),
        "bottom": _("Bottom"),
        "bottom-right": _("Bottom right"),
    }
