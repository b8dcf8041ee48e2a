"""Who made a picture and what it shows, told apart from the text around.

split("Der Markt am Abend. Foto: Anna Beck")  # ('Der Markt am Abend.', 'Foto: Anna Beck')
is_credit("Foto: Anna Beck, Stadt Lindau")  # True
"""

import re

_LONGEST = 240  # characters; more is a paragraph that happens to begin with “Foto:”
_LABEL = (
    r"(?:(?:foto|bild|grafik|photo|image|picture|illustration|titelbild)(?:s|rechte|quelle|nachweis|graf(?:in)?|\s?credits?)?"
    r"|quelle|credits?|copyright|abbildung|source)"
)
_MARK = rf"(?:{_LABEL}\s*(?:\([^)]{{1,40}}\))?\s*(?::|©|\(c\))|©|\(c\)\s)"
_CREDIT = re.compile(rf"\(?\s*{_MARK}\s*\S", re.IGNORECASE)
_INSIDE = re.compile(rf"(?<![^\s(\[,;/|–-]){_MARK}\s*\S", re.IGNORECASE)
_CAPTION = re.compile(
    r"(?:bildunterschrift|bildtext|bu|caption)\s*:\s*|(?=auf dem (?:bild|foto)\b[^:]*:)", re.IGNORECASE
)
_FOOTER = re.compile(r"(?:©|\(c\)|copyright)[\s:]*(?:©\s*)?(?:by\s+)?(?:19|20)\d\d\b", re.IGNORECASE)


def is_footer(text: str) -> bool:
    """Tell whether a line is a site's own copyright, such as `© 2024 Stadt Lindau`."""
    return len(text) <= _LONGEST and bool(_FOOTER.match(text.strip()))


def is_credit(text: str) -> bool:
    """Tell whether a short line only names who made a picture."""
    return len(text) <= _LONGEST and bool(_CREDIT.match(text)) and not is_footer(text)


def is_caption(text: str) -> bool:
    """Tell whether a short line says itself that it describes a picture."""
    return len(text) <= _LONGEST and bool(_CAPTION.match(text))


def split(text: str) -> tuple[str, str]:
    """Part what stands under a picture into caption and credit; either may be empty."""
    words = _CAPTION.sub("", " ".join(text.split()), count=1)
    if is_credit(words):
        return "", _bare(words)
    found = _INSIDE.search(words)
    if found is None:
        return words, ""
    return words[: found.start()].rstrip(" ,;/|–-(["), _bare(words[found.start() :])


def _bare(credit: str) -> str:
    """Without the brackets around the whole."""
    text = credit.strip()
    if text.startswith(("(", "[")):
        text = text[1:].strip()
    if text.endswith((")", "]")) and text.count("(") + text.count("[") < text.count(")") + text.count("]"):
        text = text[:-1].strip()
    return text
