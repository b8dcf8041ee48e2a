"""What the ledger and a Maildir tell of somebody, and what is left of it."""

import datetime as dt
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import ledger, mailings, planning, settling, statement
from newsletter.delivery.holding import ledger_holder, maildir_holder, maildir_holders
from newsletter.delivery.models import Delivery, DeliveryAttempt, MailingKind
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, verdict_on
from subscribers import people
from subscribers.address import EmailAddress
from subscribers.holders import DataSubject, subject_of
from subscribers.models import Subscriber
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW
from tests.support.memory import TAKEN

LATER = NOW + dt.timedelta(minutes=5)
ANNA, BEN = "anna@example.org", "ben@example.org"
EXECUTOR = "folder host boot 1 1"


def of(session: Session, address: str) -> DataSubject:
    return subject_of(people.known(session, EmailAddress.parse(address)))


def planned(session: Session) -> int:
    mailing = a_mailing(session, [ANNA, BEN])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass
    return mailing.id


def row_of(session: Session, mailing_id: int, position: int) -> Delivery:
    return session.get_one(Delivery, (mailing_id, position), populate_existing=True)


def erase(session: Session, who: DataSubject) -> None:
    """As all of it is erased: the person first."""
    session.get_one(Subscriber, who.subscriber_id).erased_at = LATER
    session.flush()
    ledger_holder().erase(session, who, now=LATER)


def settle(session: Session, mailing_id: int, position: int, reply: Reply) -> None:
    outcome = Outcome(verdict_on(reply), reply, relay="memory", at=LATER)
    settling.settle(session, Settlement(MailingKind.ISSUE, mailing_id, position, 1, outcome))


def test_what_is_still_to_go_out_is_excluded_and_the_sum_adds_up(session: Session) -> None:
    mailing_id = planned(session)

    erase(session, of(session, ANNA))

    anna, ben = row_of(session, mailing_id, 1), row_of(session, mailing_id, 2)
    assert (anna.address, anna.address_key, anna.fields, anna.state, anna.reason) == (
        "",
        "erased:1",
        {},
        "excluded",
        "erased",
    )
    assert (ben.address, ben.state) == (BEN, "queued")
    found = statement.statement(session, mailing_id)
    assert (found.recipients, found.queued, found.excluded) == (2, 1, 1)


def test_a_sender_that_holds_the_row_finds_it_gone(session: Session) -> None:
    mailing_id = planned(session)
    lease = ledger.claim(session, EXECUTOR, token="t", now=NOW)
    assert lease is not None

    erase(session, of(session, ANNA))

    assert [row.position for row in ledger.read(session, lease, after=0, limit=9, now=LATER)] == [2]
    found = statement.statement(session, mailing_id)
    assert (found.sending, found.excluded) == (1, 1)


def test_a_reply_that_comes_after_all_is_a_fact(session: Session) -> None:
    mailing_id = planned(session)
    erase(session, of(session, ANNA))

    settle(session, mailing_id, 1, TAKEN)

    anna = row_of(session, mailing_id, 1)
    assert (anna.state, anna.address, anna.fields) == ("accepted", "", {})


def test_replies_go_and_their_codes_stay(session: Session) -> None:
    mailing_id = planned(session)
    settle(session, mailing_id, 1, Reply(Step.RCPT, 550, "5.1.1", "anna? unknown"))
    settle(session, mailing_id, 2, Reply(Step.RCPT, 550, "5.1.1", "ben? unknown"))

    erase(session, of(session, ANNA))

    attempts = session.execute(select(DeliveryAttempt.code, DeliveryAttempt.reply).order_by(DeliveryAttempt.position))
    assert [tuple(row) for row in attempts] == [(550, ""), (550, "ben? unknown")]
    anna = row_of(session, mailing_id, 1)
    assert (anna.state, anna.code, anna.enhanced, anna.reply) == ("rejected", 550, "5.1.1", "")


def test_a_test_to_the_address_and_mail_of_the_person_under_another_one_are_found(session: Session) -> None:
    mailing_id = planned(session)
    who = of(session, ANNA)
    compiled = mailings.mailing(session, mailing_id).compiled
    test = mailings.send_test(
        session,
        compiled,
        name="Probe",
        issue_id=None,
        address=EmailAddress.parse("ANNA@example.org"),
        language="de",
        by=BY,
        now=NOW,
    )
    before = a_system_mail(session, "anna.before@example.org", subscriber_id=who.subscriber_id)
    foreign = a_system_mail(session, ANNA)

    told = ledger_holder().disclose(session, who)
    erase(session, who)

    assert [(each["mailing"], each["address"]) for each in told] == [
        (mailing_id, ANNA),
        (test.id, "ANNA@example.org"),
        (before.id, "anna.before@example.org"),
    ]
    assert {row_of(session, each.id, 1).state for each in (test, before)} == {"excluded"}
    assert row_of(session, foreign.id, 1).state == "queued"  # of staff, who may have the same address


def test_a_disclosure_tells_the_subject_as_it_was_and_no_token(session: Session) -> None:
    planned(session)
    who = of(session, ANNA)
    a_system_mail(session, ANNA, subscriber_id=who.subscriber_id)
    settle(session, 1, 1, Reply(Step.RCPT, 451, "4.2.0", "later"))

    issue, mail = ledger_holder().disclose(session, who)

    assert (issue["kind"], issue["subject"], issue["state"]) == ("issue", "Neues für alle", "deferred")
    assert (issue["reply"], issue["earlier_replies"]) == ("451 4.2.0 later", ["451 4.2.0 later"])
    assert (mail["subject"], mail["fields"], mail["at"]) == ("Bitte bestätigen", {}, None)


def test_messages_in_a_maildir_are_told_and_removed(tmp_path: Path, database: Database) -> None:
    who = DataSubject(7, ANNA, ANNA, "")
    for name, to in (
        ("1", f"Anna <{ANNA.upper()}>"),
        ("2", BEN),
        ("3", "=?utf-8?q?A_=3Cx=40y=2Ez=3E?= <anna@example.org>"),
    ):
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "new" / name).write_bytes(f"To: {to}\r\nSubject: x\r\n\r\nanna@example.org\r\n".encode())
    (tmp_path / "new" / "4").write_bytes(b"\xff\xfe no mail at all")

    with database.reading() as session:
        told = maildir_holder(tmp_path).disclose(session, who)
        maildir_holder(tmp_path).erase(session, who, now=NOW)

    assert told == [{"file": "1"}, {"file": "3"}]
    assert sorted(path.name for path in tmp_path.glob("new/*")) == ["2", "4"]


def test_only_relays_that_are_folders_have_holders(tmp_path: Path) -> None:
    urls = ("smtp://mail.example.org", f"maildir:{tmp_path}", "smtps://a:b@mail.example.org")

    assert [holder.name for holder in maildir_holders(urls)] == ["maildir"]
