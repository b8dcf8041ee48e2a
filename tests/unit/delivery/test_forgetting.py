import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import forgetting, ledger, missed, planning, settling, statement
from newsletter.delivery.models import Delivery, DeliveryAttempt, Mailing, MailingKind
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, verdict_on
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW

LATER = NOW + dt.timedelta(days=400)
BEFORE = NOW + dt.timedelta(days=35)


def sent(session: Session, mailing: Mailing, *, at: dt.datetime = NOW) -> Mailing:
    """Have a mailing refused by everybody, and so be over."""
    while planning.plan_chunk(session, mailing.id, now=mailing.due_at):
        pass
    lease = ledger.claim(session, "folder host boot 1 1", token=f"t{mailing.id}", now=at)
    assert lease is not None
    reply = Reply(Step.RCPT, 550, "5.1.1", "gone")
    for row in ledger.held(session, lease):
        outcome = Outcome(verdict_on(reply), reply, relay="memory", at=at)
        settling.settle(session, Settlement(MailingKind(mailing.kind), mailing.id, row.position, 1, outcome))
    ledger.end(session, lease.owner, now=at)
    assert mailing.finished_at == at
    return mailing


def told(session: Session, mailing: Mailing) -> set[str]:
    """What the rows of a mailing still tell of anybody."""
    rows = session.execute(select(Delivery.address, Delivery.reply).where(Delivery.mailing_id == mailing.id)).all()
    attempts = session.scalars(select(DeliveryAttempt.reply).where(DeliveryAttempt.mailing_id == mailing.id))
    return {word for row in rows for word in row} | set(attempts) - {""}


def forget(session: Session, kinds: forgetting.Kinds = forgetting.ISSUES) -> list[int]:
    """Forget until nothing is left; tell what each time did."""
    steps = []
    while step := forgetting.forget_some(session, kinds, before=BEFORE):
        steps.append(step)
    return steps


def test_recipients_are_forgotten_a_few_at_a_time_and_the_numbers_stay(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "ROWS_AT_ONCE", 2)
    mailing = sent(session, a_mailing(session, [f"r{number}@example.org" for number in range(5)]))
    assert forgetting.due(session, forgetting.ISSUES, before=BEFORE) == 5

    steps = forget(session)

    assert steps == [2, 2, 1]
    assert told(session, mailing) <= {""}
    assert forgetting.due(session, forgetting.ISSUES, before=BEFORE) == 0
    found = statement.statement(session, mailing.id)
    assert (found.recipients, found.rejected, found.state) == (5, 5, "sent")


def test_whose_time_is_not_over_is_remembered(session: Session) -> None:
    mailing = sent(session, a_mailing(session, ["anna@example.org"]), at=BEFORE)

    assert forget(session) == []
    assert "anna@example.org" in told(session, mailing)


def test_what_goes_on_is_remembered(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass

    assert forget(session) == []
    assert "anna@example.org" in told(session, mailing)


def test_kinds_have_times_of_their_own(session: Session) -> None:
    issue = sent(session, a_mailing(session, ["anna@example.org"]))
    mails = [sent(session, a_system_mail(session, f"m{number}@example.org")) for number in range(3)]

    assert forget(session, forgetting.OTHERS) == [3]

    assert "anna@example.org" in told(session, issue)
    assert [told(session, mail) for mail in mails] == [{""}] * 3
    fields = session.scalars(select(Delivery.fields).where(Delivery.mailing_id == mails[0].id)).one()
    assert fields == {}  # nor can anybody confirm by what the database held


def test_nobody_can_be_missed_by_a_mailing_that_is_forgotten(session: Session) -> None:
    mailing = sent(session, a_mailing(session, ["anna@example.org"]))
    forget(session)

    with pytest.raises(missed.Forgotten, match="is no longer known"):
        missed.number(session, mailing, now=LATER)
    with pytest.raises(missed.Forgotten):
        missed.send(session, mailing, by=BY, now=LATER)
