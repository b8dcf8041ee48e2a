"""The base of what a person can be told is wrong.

Rooms derive their own errors from `NewsletterError`, next to their noun. The adapters (command
line, web) catch this base and `subscribers.errors.SubscribersError`, and show one line.
"""


class NewsletterError(Exception):
    """Something asked for cannot be done; the message says what is wrong, where, and what to do."""


class WrongState(NewsletterError):
    """A thing cannot make this move from the state it is in."""

    def __init__(self, subject: str, current: str, wanted: str) -> None:
        super().__init__(f"{subject} is {current}; it cannot become {wanted}.")
        self.subject = subject
        self.current = current
        self.wanted = wanted
