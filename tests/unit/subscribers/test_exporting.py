import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import exporting, importing, suppression, topics
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, SubscriberNotFound
from subscribers.models import Subscription, SuppressionReason
from subscribers.people import Person
from subscribers.spreadsheet import defused, original
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked


def test_a_list_is_one_row_a_person_in_every_state(session: Session) -> None:
    news = a_list(session)
    a_subscription(session, news)
    asked(session, news, "bert@example.org", person=Person(last_name="Müller, B.", organisation='Amt "West"'))
    session.flush()

    lines = list(exporting.lines(session, news, by=STAFF))

    assert lines == [
        "email,salutation,title,first_name,last_name,organisation,region,language,topics,state,source,since\r\n",
        "anna@example.org,,,Anna,Schmidt,,,,,confirmed,page,2026-11-23T10:00:00+00:00\r\n",
        'bert@example.org,,,,"Müller, B.","Amt ""West""",,,,pending,page,2026-11-23T10:00:00+00:00\r\n',
    ]


def test_an_export_tells_the_topics_so_that_an_import_reads_them(session: Session, tmp_path: Path) -> None:
    news, other = a_list(session), a_list(session, "other")
    ids = {}
    for mailing_list in (news, other):
        for slug in ("sport", "culture"):
            topic = topics.add(session, mailing_list, slug, names={"de": slug}, by=STAFF, now=NOW)
            ids[mailing_list.slug, slug] = topic.id
    for name, wanted in (("all", None), ("none", []), ("both", ["sport", "culture"]), ("one", ["culture"])):
        reader = a_subscription(session, news, f"{name}@example.org")
        chosen = None if wanted is None else [ids["news", slug] for slug in wanted]
        topics.choose(session, reader, chosen, by=VISITOR, now=NOW)

    text = "".join(exporting.lines(session, news, by=STAFF))
    path = tmp_path / "news.csv"
    path.write_text(text, "utf-8")
    with importing.opened(path) as sheet, importing.Import(sheet, other, proof="x", secret=SECRET, by=STAFF) as work:
        for chunk in sheet.chunks():
            work.take(session, chunk, now=NOW)
        assert work.report().ignored_columns == ("state", "source", "since")

    assert [row["topics"] for row in csv.DictReader(text.splitlines())] == ["", "|", "culture|sport", "culture"]
    assert [
        topics.chosen(session, reader)
        for reader in session.scalars(
            select(Subscription).where(Subscription.list_id == other.id).order_by(Subscription.id)
        )
    ] == [None, frozenset(), {ids["other", "sport"], ids["other", "culture"]}, {ids["other", "culture"]}]


@pytest.mark.parametrize("name", ["=1+1", "+49", "-x", "@SUM(A1)", "＝cmd"])
def test_no_cell_is_a_formula(session: Session, name: str) -> None:
    news = a_list(session)
    asked(session, news, "=cmd|'/Ccalc'!A0@example.org", person=Person(last_name=name))
    session.flush()

    (_, row) = csv.reader(io.StringIO("".join(exporting.lines(session, news, by=STAFF))))

    assert row[0] == "'=cmd|'/Ccalc'!A0@example.org"
    assert row[4] == f"'{name}"


@given(st.text(max_size=10) | st.sampled_from(["=1", "+1", "-1", "@x"]))
def test_a_defused_cell_can_be_read_back(cell: str) -> None:
    assert not defused(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    if not cell.startswith("'"):
        assert original(defused(cell)) == cell


def test_taking_a_list_out_is_in_the_audit_log(session: Session) -> None:
    news = a_list(session)

    exporting.begin(session, news, by=STAFF, now=NOW)

    session.flush()
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions == ["list.create", "list.export"]


def test_all_that_is_kept_of_a_person_is_shown(session: Session) -> None:
    news = a_list(session)
    subscription = a_subscription(session, news)
    sport = topics.add(session, news, "sport", names={"de": "Sport"}, by=STAFF, now=NOW)
    topics.choose(session, subscription, [sport.id], by=VISITOR, now=NOW)
    anna = EmailAddress.parse("anna@example.org")
    suppression.add(session, anna, SuppressionReason.BOUNCED, secret=SECRET, by=STAFF, now=NOW, note="550 no such user")
    session.flush()

    shown = exporting.show(session, anna, by=STAFF)

    assert session.get_one(Subscription, subscription.id).subscriber_id == shown["id"]
    assert shown["first_name"] == "Anna"
    assert shown["known_since"] == "2026-11-23T10:00:00+00:00"
    assert shown["suppressed"] == [{"reason": "bounced", "at": "2026-11-23T10:00:00+00:00", "note": "550 no such user"}]
    assert [(each["state"], each["topics"]) for each in shown["subscriptions"]] == [("confirmed", ["sport"])]
    assert [each["kind"] for each in shown["records"]] == ["requested", "confirmed"]


def test_nobody_is_shown_under_an_unknown_address(session: Session) -> None:
    with pytest.raises(SubscriberNotFound):
        exporting.show(session, EmailAddress.parse("nobody@example.org"), by=STAFF)


def test_a_reader_sees_nobody(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(NotPermitted):
        exporting.lines(session, news, by=VISITOR)
    with pytest.raises(NotPermitted):
        exporting.begin(session, news, by=VISITOR, now=NOW)
    with pytest.raises(NotPermitted):
        exporting.show(session, EmailAddress.parse("anna@example.org"), by=VISITOR)
