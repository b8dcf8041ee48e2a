"""The mails to the staff: an invitation, a new password, and that an account has changed."""

import email
import email.policy
from email.message import EmailMessage

import pytest

from newsletter.accounts.links import LIFETIMES
from newsletter.accounts.models import LinkPurpose
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import account_changed, invitation, new_password
from newsletter.mails.account_changed import Change
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from tests.support.makers import NOW

SENDER = Mailbox("Newsletter", "presse@example.org")
LINK = "https://news.example.org/staff/link/abc"


def message_of(compiled: CompiledIssue) -> EmailMessage:
    octets = Assembly(compiled).message(
        Recipient(address="ben@example.org"), Links(staff=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_invitation_says_who_invites_and_how_long_it_counts() -> None:
    message = message_of(invitation.compiled(sender=SENDER, language="de", inviter="ana@example.org"))

    assert message["Subject"] == "Sie sind eingeladen, am Newsletter mitzuarbeiten"
    assert text_of(message) == (
        "ana@example.org hat ein Konto für Sie angelegt.\n"
        "Wählen Sie, wie Sie sich anmelden, und schon sind Sie dabei:\n"
        "\n"
        "https://news.example.org/staff/link/abc\n"
        "\n"
        "Der Link gilt einmal, 7 Tage lang.\n"
        "Wenn Sie nicht wissen, worum es geht, brauchen Sie nichts zu tun.\n"
    )
    assert text_of(message, "html").count(f'href="{LINK}"') == 2


def test_one_of_the_command_line_names_nobody() -> None:
    message = message_of(invitation.compiled(sender=SENDER, language="en", inviter=""))

    assert text_of(message).startswith("An account was made for you.\n")


def test_a_new_password_is_chosen_by_a_link() -> None:
    message = message_of(new_password.compiled(sender=SENDER, language="en"))

    assert message["Subject"] == "A new password for the newsletter"
    assert f"\n\n{LINK}\n\nThe link works once, within 60 minutes.\n" in text_of(message)


@pytest.mark.parametrize("change", Change)
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_change_of_an_account_is_told_without_a_link(change: Change, language: str) -> None:
    message = message_of(account_changed.compiled(change, sender=SENDER, language=language, now=NOW))

    first, second, *_ = text_of(message).splitlines()
    assert first.endswith(".")
    assert "23. November 2026, 09:00 UTC" in second or "23 November 2026, 09:00 UTC" in second
    assert "http" not in text_of(message)


def test_the_mails_say_how_long_links_count() -> None:
    assert LIFETIMES[LinkPurpose.INVITATION].days == invitation.VALID_DAYS
    assert LIFETIMES[LinkPurpose.NEW_PASSWORD].total_seconds() == new_password.VALID_MINUTES * 60
