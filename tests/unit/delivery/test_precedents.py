import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings, missed, planning, precedents
from newsletter.delivery.models import Mailing
from newsletter.delivery.precedents import Precedents
from newsletter.issues.models import Issue
from subscribers.models import MailingList
from tests.support.ledgers import a_mailing, a_mailing_to
from tests.support.makers import BY, NOW

NEXT_WEEK = NOW + dt.timedelta(days=7)


def sent(session: Session, mailing: Mailing) -> None:
    while planning.plan_chunk(session, mailing.id, now=mailing.due_at):
        pass
    mailing.state = "sent"
    session.flush()


def publication_of(session: Session, mailing: Mailing) -> int:
    return session.get_one(Issue, mailing.issue_id).publication_id


def test_the_last_mailings_to_everybody_count_and_what_was_cancelled_or_went_to_the_missed_does_not(
    session: Session,
) -> None:
    first = a_mailing(session, ["anna@example.org", "bert@example.org"])
    sent(session, first)
    missed.send(session, first, by=BY, now=NEXT_WEEK)
    mailing_list = session.get_one(MailingList, first.list_id)
    waiting = a_mailing_to(session, mailing_list, due_at=NEXT_WEEK)
    cancelled = a_mailing_to(session, mailing_list, due_at=NEXT_WEEK + dt.timedelta(days=1))
    mailings.cancel(session, cancelled, by=BY, now=NOW)

    found = precedents.precedents(session, publication_of(session, first))

    assert found == Precedents(due_at=NEXT_WEEK, numbers=(2,))
    assert precedents.of_issue(session, waiting.issue_id or 0) is waiting
    assert precedents.of_issue(session, cancelled.issue_id or 0) is None


def test_a_publication_that_sent_nothing_has_no_precedent(session: Session) -> None:
    assert precedents.precedents(session, 1) == Precedents(due_at=None, numbers=())
