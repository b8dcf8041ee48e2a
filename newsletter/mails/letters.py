"""A mail whose words a list can change, made of its passages and one pair of templates for all of them.

    letters.compiled(session, CONFIRMATION, publication=…, mailing_list=…, language="de", values={"days": "14"})

A site may bring templates of its own: `mail/<name>/` for one mail, `mail/letter/` for all. One that lacks the link
is refused where it is used.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from newsletter.i18n import LANGUAGES
from newsletter.issues.models import Publication
from newsletter.mails.folders import folders
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import SystemMailInvalid, compile_system_mail
from newsletter.texts import reading
from newsletter.texts.letters import LETTERS
from newsletter.texts.passages import Place
from newsletter.texts.reading import Texts
from subscribers.models import MailingList

COMMON = "letter"


def compiled(
    session: Session,
    letter: Place,
    *,
    publication: Publication,
    mailing_list: MailingList,
    language: str,
    values: Mapping[str, str],
) -> CompiledIssue:
    """Compile a letter of one list and language, the same for everybody.

    `values` are those of the letter's placeholders; list and publisher are known here.

    Raises:
        SystemMailInvalid: a template of the site's own is broken, or lacks the link.
    """
    publisher = publication.sender_name or publication.name
    return _made(
        session,
        letter,
        reading.of_list(session, mailing_list.id, language=language),
        {**values, "list": mailing_list.name, "publisher": publisher},
        sender=Mailbox(publication.sender_name, publication.sender_address),
        reply_to=Mailbox("", publication.reply_to) if publication.reply_to else None,
        imprint=publication.imprint.strip(),
    )


def problems(session: Session) -> tuple[str, ...]:
    """What is wrong with the templates that a site laid over ours, tried with the product's own words."""
    found: dict[str, None] = {}
    for letter in LETTERS:
        for language in LANGUAGES:
            try:
                _made(session, letter, Texts(language), letter.samples(language), sender=_SAMPLE_SENDER)
            except SystemMailInvalid as error:
                found[str(error)] = None
    return tuple(found)


_SAMPLE_SENDER = Mailbox("", "sample@example.org")


def _made(
    session: Session,
    letter: Place,
    texts: Texts,
    values: Mapping[str, str],
    *,
    sender: Mailbox,
    reply_to: Mailbox | None = None,
    imprint: str = "",
) -> CompiledIssue:
    return compile_system_mail(
        folders(session, letter.short_name, COMMON),
        language=texts.language,
        sender=sender,
        reply_to=reply_to,
        facts={**values, "texts": texts.said(letter, values), "imprint": imprint},
        link=letter.link,
    )
