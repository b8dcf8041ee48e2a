"""Everything that the page of an issue's sending shows, gathered from one snapshot."""

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from newsletter.checks.finding import Finding, Severity
from newsletter.content import translating, variants
from newsletter.content.blocks import IssueContent
from newsletter.delivery import choices, precedents, reasons, scheduling, trials
from newsletter.delivery.models import DeliveryState, Mailing, MailingState
from newsletter.delivery.trials import Trial
from newsletter.errors import NewsletterError
from newsletter.issues import editions, overview, revisions
from newsletter.issues.models import Issue, IssueState, Publication
from newsletter.issues.permissions import APPROVE_ISSUES
from newsletter.web.staff.guards import Staff
from subscribers import audience
from subscribers.audience import Numbers
from subscribers.models import MailingList

_WAITS = frozenset({DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An issue before it goes out. `problem` says why it cannot be made into a mail.

    `proposal` is when it might go out, `last` to how many the last issues went, `mailing` its own where it has one.
    `submitted_by` is an address. Where the issue has a second language, `second` are its words in that, with those of
    the first where they are `missing`, and `reading` tells how many get it in which language, the first one first.
    """

    issue_id: int
    number: int
    revision: int
    state: str
    slug: str
    publication: str
    language: str
    four_eyes: bool
    submitted_by: str
    sender_name: str
    sender_address: str
    reply_to: str
    list_name: str
    subject: str
    preheader: str
    second: IssueContent | None
    missing: tuple[str, ...]
    reading: tuple[tuple[str, int], ...]
    reached: Numbers
    findings: tuple[Finding, ...]
    problem: str
    trials: tuple[Trial, ...]
    proposal: dt.datetime
    last: tuple[int, ...]
    mailing: Mailing | None

    @property
    def errors(self) -> int:
        """How many findings stop the issue."""
        return sum(each.severity is Severity.ERROR for each in self.findings)

    @property
    def is_open(self) -> bool:
        """Tell whether the issue has not been scheduled yet."""
        return self.state in {IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED}

    @property
    def is_unusual(self) -> bool:
        """Tell whether it goes to far more people than the last issues."""
        return scheduling.is_unusual(self.reached.active, last=self.last)

    @property
    def is_pending(self) -> bool:
        """Tell whether a test has not found its end, so that looking again is worth it."""
        return any(each.state in _WAITS and each.mailing_state == MailingState.SENDING for each in self.trials)


def outgoing(session: Session, issue_id: int, staff: Staff) -> Outgoing:
    """Gather it."""
    app = staff.visit.app
    issue = revisions.issue(session, issue_id)
    publication = session.get_one(Publication, issue.publication_id)
    mailing_list = session.get_one(MailingList, publication.list_id)
    content = revisions.content_of(session, issue)
    before = precedents.precedents(session, publication.id)
    findings, problem = _checked(session, issue, staff)
    return Outgoing(
        issue_id=issue.id,
        number=overview.numbers(session, publication.id)[issue.id],
        revision=issue.revision,
        state=issue.state,
        slug=publication.slug,
        publication=publication.name,
        language=publication.language,
        four_eyes=publication.four_eyes,
        submitted_by=issue.submitted_by,
        sender_name=publication.sender_name,
        sender_address=publication.sender_address,
        reply_to=publication.reply_to,
        list_name=mailing_list.name,
        subject=content.subject,
        preheader=content.preheader,
        second=translating.translated(content) if content.translation else None,
        missing=translating.missing(content),
        reading=_reading(session, publication, content, now=app.now()),
        reached=audience.numbers(session, mailing_list, now=app.now()),
        findings=findings,
        problem=problem,
        trials=_trials(session, issue, staff),
        proposal=scheduling.proposed(before.due_at, now=app.now(), zone=app.settings.zone),
        last=before.numbers,
        mailing=precedents.of_issue(session, issue.id),
    )


def _trials(session: Session, issue: Issue, staff: Staff) -> tuple[Trial, ...]:
    """The tests of this person, with why one waits in their language."""
    found = trials.of(session, issue_id=issue.id, author=staff.by.name)
    return tuple(replace(each, reason=reasons.told(each.reason, language=staff.user.language)) for each in found)


def may_approve(staff: Staff, seen: Outgoing) -> bool:
    """Tell whether the button would do anything: with four eyes it is the second person's."""
    if not staff.by.may(APPROVE_ISSUES) or seen.errors or seen.problem:
        return False
    if not seen.four_eyes:
        return seen.state in {IssueState.DRAFT, IssueState.IN_REVIEW}
    return seen.state == IssueState.IN_REVIEW and seen.submitted_by != staff.by.name


def _reading(
    session: Session, publication: Publication, content: IssueContent, *, now: dt.datetime
) -> tuple[tuple[str, int], ...]:
    if content.translation is None:
        return ()
    second = content.translation.language
    counted = choices.counted(session, publication.list_id, (), language=second, now=now)
    first = variants.everything(())
    return (publication.language, counted.get(first, 0)), (second, counted.get(first | variants.in_second(()), 0))


def _checked(session: Session, issue: Issue, staff: Staff) -> tuple[tuple[Finding, ...], str]:
    try:
        return editions.edition_of(session, issue, staff.visit.app.site).findings, ""
    except NewsletterError as error:
        return (), str(error)
