"""What a relay offers in its answer to EHLO; pure.

    >>> Extensions.parse(("relay.test", "SIZE 1000", "AUTH PLAIN LOGIN")).size_limit
    1000

Source: RFC 5321, section 4.1.1.1.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions this client uses. `size_limit` is in octets, None for none stated."""

    starttls: bool = False
    login: frozenset[str] = frozenset()
    size: bool = False
    size_limit: int | None = None
    eight_bit: bool = False
    utf8: bool = False

    @classmethod
    def parse(cls, lines: tuple[str, ...]) -> "Extensions":
        """Read the lines of the reply, the first of which is the relay's name."""
        offered: dict[str, list[str]] = {}
        for line in lines[1:]:
            keyword, *parameters = line.replace("=", " ").upper().split() or [""]  # "AUTH=PLAIN" is an old habit
            offered[keyword] = [*offered.get(keyword, []), *parameters]
        limit = next(iter(offered.get("SIZE", [])), "")
        return cls(
            starttls="STARTTLS" in offered,
            login=frozenset(offered.get("AUTH", [])),
            size="SIZE" in offered,
            size_limit=int(limit) if limit.isascii() and limit.isdigit() and int(limit) else None,
            eight_bit="8BITMIME" in offered,
            utf8="SMTPUTF8" in offered,
        )
