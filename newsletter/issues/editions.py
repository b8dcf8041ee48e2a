"""An issue made into mail: what surrounds its words, the compiled issue, and what the checks find.

edition = editions.compile_edition(session, issue, site)
edition.compiled.html, edition.findings, edition.fingerprint
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.checks import gate
from newsletter.checks.finding import Finding, Severity
from newsletter.content import translating, variants
from newsletter.content.blocks import Button, IssueContent, LeadStory
from newsletter.content.stored import to_stored
from newsletter.i18n import translations
from newsletter.issues import cutting, revisions
from newsletter.issues.models import Issue, Publication
from newsletter.issues.site import Site
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.compiling import compile_issue
from newsletter.rendering.design import Design
from newsletter.rendering.frame import Frame
from subscribers import topics
from subscribers.models import MailingList


@dataclass(frozen=True)
class Edition:
    """An issue's newest revision with everything that decides what it looks like."""

    content: IssueContent
    frame: Frame
    design: Design
    public_problems: tuple[str, ...]
    topics: frozenset[str]  # of the list, by short name
    uncut: frozenset[str]  # blocks whose picture cannot be cut to its shape
    second_frame: Frame | None = None  # of the mail in the second language, where there is one

    @property
    def everything(self) -> int:
        """The variant with all blocks in the first language."""
        return variants.everything(variants.sections(self.content))

    @property
    def in_second(self) -> int | None:
        """The variant with all blocks in the second language; None where there is none."""
        if self.second_frame is None:
            return None
        return self.everything | variants.in_second(variants.sections(self.content))

    @cached_property
    def compiled(self) -> CompiledIssue:
        """The mail.

        Raises:
            TemplateInvalid: the design has a mistake.
        """
        return self.compiled_as(self.everything)

    @cached_property
    def second(self) -> CompiledIssue | None:
        """The mail in the second language, where there is one.

        Raises:
            TemplateInvalid: the design has a mistake.
        """
        return None if self.in_second is None else self.compiled_as(self.in_second)

    @cached_property
    def variants(self) -> Mapping[int, CompiledIssue]:
        """The mails of those who chose topics or read the second language, by the number of their variant.

        They are those that differ from the mail itself and tell any news.

        Raises:
            TemplateInvalid: the design has a mistake.
        """
        everything, *numbers = variants.numbers_of(self.content)
        empty = {*variants.without_story(self.content, numbers)} - {self.in_second}
        left = [number for number in numbers if number not in empty and number != everything]
        made = {self.in_second: self.second}
        return {number: made.get(number) or self.compiled_as(number) for number in left}

    def compiled_as(self, variant: int, *, marked: bool = False) -> CompiledIssue:
        """The mail of a reader who sees this variant alone; `marked` for a preview.

        Raises:
            TemplateInvalid: the design has a mistake.
        """
        second = self.second_frame if variants.is_in_second(variant, variants.sections(self.content)) else None
        return compile_issue(
            variants.content_of(self.content, variant),
            frame=second or self.frame,
            design=self.design,
            marked=marked,
            second=second is not None,
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the pre-flight checks found, errors first."""
        return self.findings_in(self.compiled, self.second)

    def findings_in(self, compiled: CompiledIssue, second: CompiledIssue | None) -> tuple[Finding, ...]:
        """What the pre-flight checks find in the mails with everything, for whoever has them compiled already."""
        subject = gate.Subject(
            content=self.content,
            compiled=compiled,
            frame=self.frame,
            public_problems=self.public_problems,
            topics=self.topics,
            uncut=self.uncut,
        )
        if second is None or self.second_frame is None:
            return gate.check(subject)
        content = translating.translated(self.content)
        return gate.check_both(subject, replace(subject, content=content, compiled=second, frame=self.second_frame))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop the issue."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that goes into the mail: content, design files, brand, sender, list, headers.

        It covers the inputs, not the output, so a newer version of this program voids no approval.
        """
        inputs = {
            "content": to_stored(self.content),
            "design": self.design.digest,
            "frame": {**dataclasses.asdict(self.frame), "brand": dict(self.frame.brand)},
        }
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def edition_of(session: Session, issue: Issue, site: Site) -> Edition:
    """Gather an issue's words and surroundings, and cut its pictures; nothing is compiled yet.

    Raises:
        DesignNotFound: the publication's design is gone.
    """
    publication = session.get_one(Publication, issue.publication_id)
    mailing_list = session.get_one(MailingList, publication.list_id)
    content = revisions.content_of(session, issue)
    number = session.scalar(select(func.count()).where(Issue.publication_id == publication.id, Issue.id <= issue.id))

    def frame(language: str) -> Frame:
        edition = translations(language).gettext("Issue %(number)s") % {"number": number}
        return _frame(publication, mailing_list, site, edition=edition, language=language)

    return Edition(
        content=content,
        frame=frame(publication.language),
        second_frame=frame(content.translation.language) if content.translation else None,
        design=site.design(publication.design),
        public_problems=site.public_problems,
        topics=frozenset(topic.slug for topic in topics.of_list(session, mailing_list)),
        uncut=cutting.cut(content, site.media_folder),
    )


def sample_of(
    session: Session, publication: Publication, site: Site, *, design: str, brand: Mapping[str, str]
) -> CompiledIssue:
    """A mail with a few words of ours, to see what a design looks like in a brand.

    Raises:
        DesignNotFound: there is no such design.
        TemplateInvalid: the design has a mistake.
    """
    _ = translations(publication.language).gettext
    words = _("And this is the text of a story.")
    content = IssueContent(
        _("A sample"),
        blocks=(
            LeadStory("b1", _("This is how a headline looks"), f"<p>{words}</p>"),
            Button("b2", _("A button"), site.public_url),
        ),
    )
    edition = _("Issue %(number)s") % {"number": 1}
    mailing_list = session.get_one(MailingList, publication.list_id)
    frame = _frame(publication, mailing_list, site, edition=edition, language=publication.language)
    frame = replace(frame, brand=brand)
    return compile_issue(content, frame=frame, design=site.design(design))


def _frame(publication: Publication, mailing_list: MailingList, site: Site, *, edition: str, language: str) -> Frame:
    domain = publication.sender_address.rpartition("@")[2]
    return Frame(
        publication=publication.name,
        edition=edition,
        language=language,
        sender=Mailbox(publication.sender_name, publication.sender_address),
        reply_to=Mailbox("", publication.reply_to) if publication.reply_to else None,
        imprint=publication.imprint,
        brand=publication.brand,
        # RFC 2919, section 3: under a domain the sender controls; the slug never changes.
        list_id=f"{mailing_list.slug}.{domain}",
        list_name=mailing_list.name,
        public_url=site.public_url,
    )
