"""The mail to the staff: something waits for you.

It names no person: neither readers, nor colleagues who get it, too. It has the shipped templates
alone: what tells of a failure must not fail by a site's own.
"""

from newsletter.delivery.alerts.notices import Notice
from newsletter.delivery.alerts.wording import moment, words
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder

NAME = "alert"


def compiled(notice: Notice, *, sender: Mailbox, public_url: str, language: str) -> CompiledIssue:
    """The mail about one alert in one language, the same for everybody."""
    said = words(notice.kind, notice.facts, language=language)
    return compile_system_mail(
        templates_folder() / "mail" / NAME,
        language=language,
        sender=sender,
        facts={
            "title": said.title,
            "message": said.message,
            "remedy": said.remedy,
            "raised_at": moment(notice.raised_at, language=language),
            "last_at": moment(notice.last_at, language=language),
            "count": notice.count,
            "link": f"{public_url}/",
            "command": f"newsletter alert acknowledge {notice.alert_id} --by …",
        },
    )
