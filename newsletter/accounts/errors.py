"""What can be wrong with staff users and how they sign in."""

from newsletter.errors import NewsletterError


class StaffUserNotFound(NewsletterError):
    """No active staff user has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"There is no active staff user “{address}”. `newsletter init --admin …` makes the first one.")
        self.address = address


class StaffExists(NewsletterError):
    """The first staff user was made already, with another address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"There are staff users already; {address} was not added.")
        self.address = address


class AlreadyStaff(NewsletterError):
    """Somebody was invited who is a staff user already."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is a staff user already; `newsletter staff role` changes what they may do.")
        self.address = address


class LastAdmin(NewsletterError):
    """Nobody would be left who may do everything."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is the last active admin of all publications: make another one first.")
        self.address = address


class NotOneself(NewsletterError):
    """Nobody locks themselves out."""

    def __init__(self) -> None:
        super().__init__("You cannot deactivate yourself: ask another admin.")


class NameInvalid(NewsletterError):
    """A person's name is too long or has several lines."""

    def __init__(self) -> None:
        super().__init__("A name is one line of at most 120 characters.")


class PasswordRefused(NewsletterError):
    """A password cannot be taken; `reason` is `short`, `long` or `guessable`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This password is too {reason}.")
        self.reason = reason


class LinkInvalid(NewsletterError):
    """A link was not made here, or is not complete."""

    def __init__(self) -> None:
        super().__init__("This link is not complete or was not made by us; please open it from the mail again.")


class LinkOver(NewsletterError):
    """A link was used, has expired, or was overtaken by a newer one; `purpose` is what it was for."""

    def __init__(self, purpose: str) -> None:
        super().__init__("This link no longer counts; ask for a new one.")
        self.purpose = purpose


class SecondFactorRefused(NewsletterError):
    """A code is wrong, or was used before."""

    def __init__(self) -> None:
        super().__init__("This code is wrong or was used already.")


class PasskeyRefused(NewsletterError):
    """A passkey did not prove what it must."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The passkey was not accepted: {reason}.")
        self.reason = reason


class PasskeyNotFound(NewsletterError):
    """Somebody has no passkey of this number."""

    def __init__(self, passkey_id: int) -> None:
        super().__init__(f"There is no passkey {passkey_id} of yours.")
        self.passkey_id = passkey_id
