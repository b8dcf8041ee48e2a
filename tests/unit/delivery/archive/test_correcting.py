import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.archive import correcting, reading
from newsletter.delivery.archive.correcting import CorrectionInvalid, NotOutYet
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from subscribers.actor import Actor, ActorKind
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.archives import scheduled, sent
from tests.support.makers import BY, NOW, a_list, a_publication

LATER = NOW + dt.timedelta(hours=3)


@pytest.fixture
def mailing(session: Session) -> Mailing:
    a_publication(session, a_list(session))
    return sent(session)


def test_corrections_are_kept_in_order_while_the_issue_stays_as_it_was_sent(session: Session, mailing: Mailing) -> None:
    assert mailing.issue_id
    before = compilations.load(session, mailing.compiled)

    correcting.correct(session, mailing.issue_id, text="Um 15 Uhr.", by=BY, now=NOW)
    correcting.correct(session, mailing.issue_id, text=" Um\n14 Uhr. \r\n\r\n\n Wirklich. ", by=BY, now=LATER)

    shown = [(each.at, each.text) for each in correcting.corrections_of(session, mailing.issue_id)]
    assert shown == [(LATER, "Um 14 Uhr.\n\nWirklich."), (NOW, "Um 15 Uhr.")]
    assert compilations.load(session, mailing.compiled) == before


def test_a_correction_is_in_the_audit_log_without_its_words(session: Session, mailing: Mailing) -> None:
    assert mailing.issue_id
    made = correcting.correct(session, mailing.issue_id, text="Um 15 Uhr.", by=BY, now=NOW)

    row = session.scalars(select(AuditEntry).where(AuditEntry.action == "issue.correct")).one()
    assert (row.subject, row.details, row.actor_name) == (
        f"issue:{mailing.issue_id}",
        {"correction": made.id},
        "command line",
    )


def test_a_correction_changes_when_the_feed_says_the_issue_was_updated(session: Session, mailing: Mailing) -> None:
    assert mailing.issue_id
    assert mailing.list_id
    correcting.correct(session, mailing.issue_id, text="Um 15 Uhr.", by=BY, now=LATER)

    (entry,) = reading.feed(session, mailing.list_id)

    assert (entry.entry.published_at, entry.updated_at) == (NOW, LATER)
    assert entry.corrections == ((LATER, "Um 15 Uhr."),)


@pytest.mark.parametrize("text", ["", " \n\n ", "\0\u200b", "x" * 5_001], ids=["empty", "white", "unseen", "long"])
def test_a_correction_without_words_or_without_end_is_refused(session: Session, mailing: Mailing, text: str) -> None:
    assert mailing.issue_id
    with pytest.raises(CorrectionInvalid, match="needs words, at most 5000 characters"):
        correcting.correct(session, mailing.issue_id, text=text, by=BY, now=NOW)


@pytest.mark.usefixtures("mailing")
def test_what_is_not_out_is_changed_and_not_corrected(session: Session) -> None:
    waiting = scheduled(session, at=LATER).issue_id
    assert waiting
    with pytest.raises(NotOutYet, match="has not gone out: change the issue itself"):
        correcting.correct(session, waiting, text="x", by=BY, now=NOW)
    with pytest.raises(NotOutYet):
        correcting.correct(session, 999, text="x", by=BY, now=NOW)


def test_who_may_not_correct_changes_nothing(session: Session, mailing: Mailing) -> None:
    assert mailing.issue_id
    editor = Actor(ActorKind.STAFF, "ed@example.org", frozenset())

    with pytest.raises(NotPermitted):
        correcting.correct(session, mailing.issue_id, text="x", by=editor, now=NOW)

    assert correcting.corrections_of(session, mailing.issue_id) == ()
