"""What a reader's page can be told is wrong."""

from newsletter.errors import NewsletterError


class ListNotOpen(NewsletterError):
    """A list has no publication yet, so nobody could tell what a sign-up is for."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The list “{slug}” has no publication yet, so nobody can sign up. "
            f"`newsletter publication create … --list {slug}` makes one."
        )
        self.slug = slug


class ChangedTooOften(NewsletterError):
    """A reader's settings were changed so often that no more mails may tell of it today, so nothing was changed."""

    def __init__(self) -> None:
        super().__init__("These settings were changed several times today. Nothing was changed; try again tomorrow.")
