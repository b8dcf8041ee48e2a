import datetime as dt
import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import consent, lists, people, subscribing
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.consent import Break, BreakKind, chain, records
from subscribers.errors import NotPermitted, SubscriberNotFound
from subscribers.models import ConsentEvidence, ConsentKind, ConsentRecord, Subscription, Wording
from subscribers.people import Person
from subscribers.secret import Secret
from tests.support import tampering
from tests.support.people import NOW, SECRET, STAFF, VISITOR, WORDING, a_list, a_subscription

OTHER_SECRET = Secret(b"another secret of thirty-two byt")
ANNA = EmailAddress.parse("anna@example.org")


@pytest.fixture
def open_session(session: Session) -> Session:
    """Anna, confirmed, with two records; and the triggers that would refuse to forge them are gone."""
    a_subscription(session, a_list(session))
    session.flush()
    tampering.open_up(session)
    return session


def breaks(session: Session, secret: Secret = SECRET) -> list[tuple[int, BreakKind]]:
    session.expire_all()
    return [(each.sequence, each.kind) for each in consent.verify(session, secret=secret).breaks]


def test_a_sign_up_and_its_confirmation_are_two_sealed_records(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    first, second = consent.history(session, subscription.subscriber_id)
    assert (first.sequence, first.kind, first.actor, first.source) == (1, "requested", "reader", "page")
    assert (second.sequence, second.kind, second.source) == (2, "confirmed", "confirmation mail")
    assert first.previous == ""
    assert second.previous == first.digest
    found = consent.verify(session, secret=SECRET)
    assert (found.records, found.chains, found.breaks, found.holds) == (2, 1, (), True)


def test_the_exact_wording_is_kept_once(session: Session) -> None:
    news = a_list(session)
    a_subscription(session, news, "anna@example.org")
    a_subscription(session, news, "bert@example.org")

    kept = session.scalars(select(Wording)).one()
    assert kept.text == WORDING
    assert kept.language == "de"


@pytest.mark.parametrize(
    "assignment",
    [
        "kind = 'imported with proof'",
        "at = '2026-11-23 10:00:01.000000'",
        "actor = 'staff'",
        "source = 'other'",
        "list_id = 2",
        "wording = NULL",
        "commitment = 'x'",
        f"digest = substr(digest, 1, 8) || '{'0' * 56}'",
    ],
)
def test_a_changed_column_is_named(open_session: Session, assignment: str) -> None:
    lists.create(open_session, "two", name="Two", language="de", by=STAFF, now=NOW)
    open_session.flush()

    open_session.execute(text(f"UPDATE consent_record SET {assignment} WHERE sequence = 1"))  # noqa: S608  # from the table above

    assert (1, BreakKind.CHANGED) in breaks(open_session)


def test_changed_evidence_is_named(open_session: Session) -> None:
    open_session.execute(
        text("""UPDATE consent_evidence SET data = '{"address": "bert@example.org"}' WHERE record_id = 1""")
    )

    assert breaks(open_session) == [(1, BreakKind.EVIDENCE)]


def test_erased_evidence_leaves_the_chain_whole(open_session: Session) -> None:
    open_session.execute(text("DELETE FROM consent_evidence"))

    assert breaks(open_session) == []
    records_ = consent.export(open_session, ANNA, by=STAFF)["records"]
    assert [(each["evidence"], each["salt"]) for each in records_] == [(None, None), (None, None)]


def test_a_record_cut_out_leaves_a_gap(open_session: Session) -> None:
    open_session.execute(text("DELETE FROM consent_evidence WHERE record_id = 1"))
    open_session.execute(text("DELETE FROM consent_record WHERE sequence = 1"))

    assert breaks(open_session) == [(2, BreakKind.GAP)]


def test_a_record_that_follows_another_one_is_named(open_session: Session) -> None:
    open_session.execute(text("UPDATE consent_record SET previous = 'x' WHERE sequence = 2"))

    assert breaks(open_session) == [(2, BreakKind.PREVIOUS), (2, BreakKind.CHANGED)]


def test_another_secret_is_told_from_a_change(open_session: Session) -> None:
    assert breaks(open_session, OTHER_SECRET) == [(1, BreakKind.FOREIGN_KEY), (2, BreakKind.FOREIGN_KEY)]


def test_changed_words_are_named(open_session: Session) -> None:
    open_session.execute(text("UPDATE wording SET text = 'Ich will auch Werbung.'"))

    assert breaks(open_session) == [(1, BreakKind.WORDING)]


def test_a_subscription_set_to_confirmed_by_hand_is_named(session: Session) -> None:
    a_subscription(session, a_list(session), confirmed=False)

    session.execute(text("UPDATE subscription SET state = 'confirmed'"))

    found = consent.verify(session, secret=SECRET).breaks
    assert [each.kind for each in found] == [BreakKind.UNPROVEN]
    assert str(found[0]).startswith("Subscriber 1: the subscription is confirmed")


def test_leaving_undone_by_hand_is_named(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)
    session.flush()

    session.execute(text("UPDATE subscription SET state = 'confirmed'"))

    assert breaks(session) == [(0, BreakKind.UNPROVEN)]


def test_one_broken_chain_is_found_among_many(open_session: Session) -> None:
    news = open_session.get_one(Subscription, 1).list_id
    others = [a_person(open_session, f"reader{number}@example.org") for number in range(5)]
    for other in others:
        for _ in range(3):
            _append(open_session, other, list_id=news)
    open_session.flush()

    open_session.execute(
        text("UPDATE consent_record SET source = 'x' WHERE subscriber_id = :other AND sequence = 2"),
        {"other": others[2]},
    )

    open_session.expire_all()
    found = consent.verify(open_session, secret=SECRET)
    assert (found.records, found.chains) == (17, 6)
    assert found.breaks == (Break(others[2], 2, BreakKind.CHANGED),)


def a_person(session: Session, address: str) -> int:
    return people.find_or_add(session, EmailAddress.parse(address), Person(), suppression_key=address, now=NOW).id


def _append(session: Session, subscriber_id: int, *, list_id: int) -> ConsentRecord:
    return consent.append(
        session,
        subscriber_id,
        list_id=list_id,
        kind=ConsentKind.REQUESTED,
        source="page",
        wording=None,
        evidence={"address": "anna@example.org", "ip": None},
        secret=SECRET,
        by=VISITOR,
        now=NOW,
    )


def test_a_record_written_at_the_same_moment_is_followed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = a_subscription(session, a_list(session))
    session.flush()
    true_end = records._end_of_chain
    ends: Iterator[tuple[int, str]] = iter([(1, "stale"), (1, "stale")])
    monkeypatch.setattr(records, "_end_of_chain", lambda s, i: next(ends, None) or true_end(s, i))

    added = _append(session, subscription.subscriber_id, list_id=subscription.list_id)

    assert added.sequence == 3
    assert consent.verify(session, secret=SECRET).holds


def test_a_chain_that_never_lets_in_is_an_error(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = a_subscription(session, a_list(session))
    session.flush()
    monkeypatch.setattr(records, "_end_of_chain", lambda *_: (0, ""))

    with pytest.raises(IntegrityError):
        _append(session, subscription.subscriber_id, list_id=subscription.list_id)


def test_wording_kept_by_somebody_else_meanwhile_is_the_same_wording(session: Session) -> None:
    """The other one's row comes between our look and our insert."""
    somebody_else: list[bool] = []

    def insert_first(connection: Connection, *_: object) -> None:
        if not somebody_else:
            somebody_else.append(True)
            wording = Wording(digest=hashlib.sha256(b"Ja.").hexdigest(), language="de", text="Ja.", created_at=NOW)
            Session(connection).bulk_save_objects([wording])

    event.listen(session.connection(), "savepoint", insert_first)

    digest = consent.keep_wording(session, "Ja.", language="de", now=NOW)

    assert somebody_else
    assert session.scalars(select(Wording.digest)).all() == [digest]


def test_the_export_tells_everything_of_a_person(session: Session) -> None:
    a_subscription(session, a_list(session))

    told = consent.export(session, EmailAddress.parse("ANNA@example.org"), by=STAFF)

    assert told["address"] == "anna@example.org"
    assert told["subscriptions"] == [
        {
            "list": "news",
            "name": "Presse-Newsletter",
            "state": "confirmed",
            "since": "2026-11-23T10:00:00+00:00",
            "asked": "2026-11-23T10:00:00+00:00",
            "measured": None,
            "measuring": "never asked",
        }
    ]
    request, confirmation = told["records"]
    assert request["wording"]["text"] == WORDING
    assert request["evidence"] == {
        "address": "anna@example.org",
        "person": {"first_name": "Anna", "last_name": "Schmidt"},
        "ip": None,
    }
    assert confirmation["evidence"] == {"address": "anna@example.org", "ip": None}
    assert chain.commitment(bytes.fromhex(request["salt"]), request["evidence"]) == request["commitment"]


def test_nobody_is_exported_under_an_unknown_address(session: Session) -> None:
    with pytest.raises(SubscriberNotFound, match="Nobody is known under"):
        consent.export(session, EmailAddress.parse("nobody@example.org"), by=STAFF)


def test_a_reader_may_not_export_anybody(session: Session) -> None:
    with pytest.raises(NotPermitted):
        consent.export(session, ANNA, by=Actor.reader(1))


def test_equal_evidence_gives_different_commitments(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    one = _append(session, subscription.subscriber_id, list_id=subscription.list_id)
    other = _append(session, subscription.subscriber_id, list_id=subscription.list_id)

    assert one.commitment != other.commitment
    salts = session.scalars(select(ConsentEvidence.salt)).all()
    assert {len(salt) for salt in salts} == {16}


def test_a_time_is_sealed_as_the_moment_it_is() -> None:
    key = chain.Key.of(SECRET)
    berlin = NOW.astimezone(dt.timezone(dt.timedelta(hours=1)))
    links = [chain.Link(1, 1, 1, "requested", at, "reader", "page", None, "c", "") for at in (NOW, berlin)]

    assert chain.digest(key, links[0]) == chain.digest(key, links[1])


def test_a_break_is_told_in_a_sentence() -> None:
    told = str(Break(7, 2, BreakKind.GAP))

    assert told == "Subscriber 7, record 2: records are missing before it."
