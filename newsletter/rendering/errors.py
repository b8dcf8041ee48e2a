"""What can be wrong with a design."""

from newsletter.errors import NewsletterError


class TemplateInvalid(NewsletterError):
    """A file of a design has a mistake; `line` is None where nobody could say."""

    def __init__(self, name: str, line: int | None, reason: str) -> None:
        place = f"{name}, line {line}" if line else name
        super().__init__(f"The design has a mistake in {place}: {reason}")
        self.name = name
        self.line = line
        self.reason = reason


class ColourInvalid(NewsletterError):
    """A brand colour is not written as six hexadecimal digits."""

    def __init__(self, value: str) -> None:
        super().__init__(f"“{value[:40]}” is not a colour: write it like #0a5c7a.")
        self.value = value
