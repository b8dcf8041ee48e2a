"""Why the system pauses a mailing: written as an English sentence, told in the language of whoever reads it.

    reason = reasons.REFUSED_AS_SUCH % {"relay": "mail.example.org:587", "reply": "554 no"}
    reasons.told(reason, language="de")  # 'Der Mailserver mail.example.org:587 hat …: 554 no'

The ledger keeps the sentence alone, which says what happened even to who knows nothing of this file.
"""

from newsletter.i18n import N_, retold

REFUSED_AS_SUCH = N_("The relay %(relay)s refused the mail as such: %(reply)s")
REFUSED_ALIKE = N_("%(number)s recipients in a row were refused alike: %(reply)s")
MOST_REFUSED = N_("More than half of the last %(number)s recipients were refused, the last one with: %(reply)s")
DATABASE_OLDER = N_(
    "The database is older than the journals of %(host)s: it was restored, and does not know what was sent since then."
)
HOME_OLDER = N_(
    "The journals of %(host)s are older than the database: its home was restored or copied, and does not tell what was "
    "on the wire."
)
RECOVER = N_("%(happened)s First run `newsletter mailing recover` on that machine.")
GONE_FOR_GOOD = N_("What %(hosts)s may have sent is unknown, as its journals are gone for good.")

_SENTENCES = (REFUSED_AS_SUCH, REFUSED_ALIKE, MOST_REFUSED, RECOVER, DATABASE_OLDER, HOME_OLDER, GONE_FOR_GOOD)


def told(reason: str, *, language: str) -> str:
    """A reason in a language; what is none of ours, such as the reply of a relay, stays as it is."""
    return retold(reason, _SENTENCES, language=language)
