"""Alerts by mail: to each of the staff in their language, over the alert relay, or else any other.

MailChannel(database, relay_urls=…, mail_to=…, mail_from=…, public_url=…, clock=now).tell(notice)
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Sequence

from newsletter.alerting import addressees
from newsletter.alerting.addressees import Addressee
from newsletter.alerting.channels import NotTold
from newsletter.alerting.letters import Letter, hand_over
from newsletter.database import Database
from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.discretion import masked
from newsletter.delivery.recipients import Links, Recipient
from newsletter.delivery.verdicts import Reply, Verdict, verdict_on
from newsletter.errors import NewsletterError
from newsletter.mails import alert
from newsletter.rendering.compiled import Mailbox
from subscribers.secret import Secret

HandOver = Callable[[str, Sequence[Letter]], tuple[Reply, ...]]

PURPOSE = "alert-message-id"


class MailChannel:
    """Writes to the staff."""

    medium = Medium.MAIL

    def __init__(
        self,
        database: Database,
        *,
        relay_urls: Sequence[str],
        mail_to: tuple[str, ...],
        mail_from: str,
        public_url: str,
        secret: Secret,
        clock: Callable[[], dt.datetime],
        hand_over: HandOver = hand_over,
    ) -> None:
        """Take who and how; the relays are tried in their order until one takes the mail."""
        self._database = database
        self._relay_urls = tuple(dict.fromkeys(relay_urls))
        self._mail_to = mail_to
        self._mail_from = mail_from
        self._public_url = public_url
        self._key = secret.derive(PURPOSE)
        self._clock = clock
        self._hand_over = hand_over

    def tell(self, notice: Notice) -> None:
        """Write to everybody; enough is done when one of them is reached.

        Raises:
            NotTold: there is nobody to write to, or no relay took it for anybody.
        """
        with self._database.reading() as session:
            people = addressees.addressees(session, self._mail_to, mailing_id=notice.mailing_id)
            sender = addressees.sender(
                session, mailing_id=notice.mailing_id, mail_from=self._mail_from, public_url=self._public_url
            )
        if not people:
            raise NotTold("There is nobody to mail an alert to: no active staff user may send issues.")
        letters = self._letters(notice, people, sender)
        trouble = ""
        for url in self._relay_urls:
            trouble = self._trouble(url, letters)
            if not trouble:
                return
        raise NotTold(f"No relay took the mail about alert {notice.alert_id}: {trouble}")

    def _trouble(self, url: str, letters: Sequence[Letter]) -> str:
        """Try one relay; empty where it took the mail for anybody."""
        try:
            replies = self._hand_over(url, letters)
        except NewsletterError as error:  # this one's URL is wrong; the next one may be right
            return str(error)
        if any(verdict_on(reply) is Verdict.ACCEPTED for reply in replies):
            return ""
        return masked(replies[-1].line) if replies else "it said nothing"

    def _letters(self, notice: Notice, people: Sequence[Addressee], sender: Mailbox) -> tuple[Letter, ...]:
        now = self._clock()
        mails = {
            language: Assembly(alert.compiled(notice, sender=sender, public_url=self._public_url, language=language))
            for language in {person.language for person in people}
        }
        return tuple(
            Letter(
                sender.address,
                person.address,
                mails[person.language].message(
                    Recipient(address=person.address),
                    Links(),
                    message_id=self._message_id(notice, person, sender),
                    date=now,
                ),
            )
            for person in people
        )

    def _message_id(self, notice: Notice, person: Addressee, sender: Mailbox) -> str:
        """The same at each try, so that a mail program shows once what came twice."""
        subject = f"{notice.alert_id}:{notice.count}:{person.address}"
        digest = hmac.digest(self._key, subject.encode(), hashlib.sha256)[:15].hex()
        return f"<{digest}@{sender.address.rpartition('@')[2]}>"
