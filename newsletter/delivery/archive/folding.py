"""Words as they are searched: one form for what readers take for the same.

    fold("Über die STRAẞE, Café")  # 'uber die strasse, cafe'

Both databases then find by plain `LIKE`: SQLite knows no case beyond ASCII, and neither knows accents.
"""

import unicodedata

MOST_TERMS = 6
LONGEST_TERM = 60


def fold(text: str) -> str:
    """Drop case, accents and compatibility forms, and make all white space single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(kept.casefold().split())


def terms_of(asked: str) -> tuple[str, ...]:
    """What a visitor typed as folded terms, each once; more than anybody types is cut off."""
    terms = dict.fromkeys(term[:LONGEST_TERM] for term in fold(asked.replace("\0", " ")).split())
    return tuple(terms)[:MOST_TERMS]


def excerpt(text: str, terms: tuple[str, ...], *, around: int = 14) -> str:
    """The words around the first term found in a text, with an ellipsis where it was cut; empty where none is."""
    words = text.split()
    folded = [fold(word) for word in words]
    for place, word in enumerate(folded):
        if any(term in word for term in terms):
            begin, end = max(place - around, 0), place + around
            cut = " ".join(words[begin:end])
            return f"{'… ' if begin else ''}{cut}{' …' if end < len(words) else ''}"
    return ""
