"""What every way to tell people has in common."""

from typing import Protocol

from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.errors import NewsletterError


class NotTold(NewsletterError):
    """An alert did not come through; it is tried again. The message names no person."""


class Channel(Protocol):
    """A way to tell people of an alert."""

    @property
    def medium(self) -> Medium:
        """Which of an alert's two ways it is."""

    def tell(self, notice: Notice) -> None:
        """Tell of one alert, within a minute or so.

        Raises:
            NotTold: nobody was reached.
        """
