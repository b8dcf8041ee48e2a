import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import audience, consent, importing, people, subscribing, suppression, topics
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from subscribers.importing import Report, run
from subscribers.importing.sheet import GoodRow
from subscribers.importing.sorting import Sorted, Wanted, sort
from subscribers.models import ConsentRecord, MailingList, Subscriber, Subscription, SuppressionReason
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

ANNA = "anna@example.org"
PROOF = "Double opt-in of the old system, kept since 2019; export of 2026-11-01."


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def bring_in(
    session: Session,
    mailing_list: MailingList,
    path: Path,
    content: str | None = None,
    *,
    proof: str | None = PROOF,
    bad_rows: Path | None = None,
    rehearse: bool = False,
    rows: int = 3,
    wording: str | None = None,
    proof_file: importing.ProofFile | None = None,
) -> Report:
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with (
        importing.opened(path) as sheet,
        importing.Import(
            sheet,
            mailing_list,
            proof=proof,
            secret=SECRET,
            by=STAFF,
            bad_rows=bad_rows,
            wording=wording,
            proof_file=proof_file,
        ) as work,
    ):
        for chunk in sheet.chunks(rows):
            if rehearse:
                work.rehearse(session, chunk)
            else:
                work.take(session, chunk, now=NOW)
        return work.report()


def receivers(session: Session, mailing_list: MailingList) -> list[str]:
    return [row.address for row in session.execute(audience.confirmed(mailing_list.id, now=NOW))]


def count(session: Session, table: type[Subscriber | Subscription | ConsentRecord | AuditEntry]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_with_proof_people_are_confirmed_and_the_proof_is_kept(session: Session, news: MailingList, path: Path) -> None:
    report = bring_in(session, news, path, "E-Mail;Vorname;Kunde\nAnna@Example.org;Anna;17\nbert@example.org;Bert;18\n")

    assert report == Report(
        rows=2,
        imported=2,
        already_there=0,
        duplicates=0,
        suppressed=0,
        bad_rows=0,
        bad=(),
        ignored_columns=("Kunde",),
    )
    assert receivers(session, news) == ["Anna@example.org", "bert@example.org"]
    (record,) = consent.export(session, EmailAddress.parse("anna@example.org"), by=STAFF)["records"]
    assert (record["kind"], record["actor"], record["source"]) == ("imported with proof", "command line", "import")
    assert record["wording"]["text"] == PROOF
    assert record["evidence"] == {
        "address": "Anna@example.org",
        "file": "people.csv",
        "line": 2,
        "row": {"E-Mail": "Anna@Example.org", "Vorname": "Anna", "Kunde": "17"},
        "entered_by": "command line",
    }
    assert consent.verify(session, secret=SECRET).holds


def records(session: Session, address: str = ANNA) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = consent.export(session, EmailAddress.parse(address), by=STAFF)["records"]
    return found


def test_each_row_keeps_the_proof_it_tells(session: Session, news: MailingList, path: Path) -> None:
    content = (
        "E-Mail;Einwilligung am;Einwilligung IP;consent_source;Einwilligungstext\n"
        "anna@example.org;24.05.2019 10:30;192.0.2.7;Messe;Ja, ich will die Post.\n"
        "bert@example.org;;;;\n"
    )

    report = bring_in(session, news, path, content, wording="Ja, ich möchte den Newsletter.")

    assert (report.imported, report.ignored_columns) == (2, ())
    (anna,), (bert,) = records(session), records(session, "bert@example.org")
    assert anna["evidence"]["consent"] == {"at": "2019-05-24T10:30:00", "source": "Messe", "ip": "192.0.2.7"}
    assert anna["wording"]["text"] == "Ja, ich will die Post."
    assert "consent" not in bert["evidence"]
    assert bert["wording"]["text"] == "Ja, ich möchte den Newsletter."
    stated = hashlib.sha256(PROOF.encode()).hexdigest()
    assert [each["evidence"]["proof"] for each in (anna, bert)] == [{"wording": stated}] * 2
    assert consent.verify(session, secret=SECRET).holds


def test_proof_of_a_row_that_cannot_be_is_a_bad_row(session: Session, news: MailingList, path: Path) -> None:
    content = "email;consent_at;consent_ip\nanna@example.org;gestern;\nbert@example.org;;nowhere\n"

    report = bring_in(session, news, path, content)

    assert report.bad == (
        (2, "consent_at “gestern” is no date such as 2019-05-24 or 24.05.2019 10:30"),
        (3, "consent_ip “nowhere” is no IP address"),
    )
    assert receivers(session, news) == []


def test_what_rows_tell_confirms_nobody_by_itself(session: Session, news: MailingList, path: Path) -> None:
    bring_in(session, news, path, "email;consent_at\nanna@example.org;2019-05-24\n", proof=None, wording="Ja.")

    assert receivers(session, news) == []
    (record,) = records(session)
    assert (record["kind"], record["wording"]["text"]) == ("imported without proof", "Ja.")
    assert record["evidence"]["consent"] == {"at": "2019-05-24"}


def test_a_file_alone_is_proof_and_is_named_by_its_hash(session: Session, news: MailingList, path: Path) -> None:
    scan = importing.ProofFile("scan.pdf", "ab" * 32)

    bring_in(session, news, path, "email\nanna@example.org\n", proof=None, proof_file=scan)

    assert receivers(session, news) == [ANNA]
    (record,) = records(session)
    assert (record["kind"], record["wording"]) == ("imported with proof", None)
    assert record["evidence"]["proof"] == {"file": "scan.pdf", "sha256": "ab" * 32}
    assert consent.verify(session, secret=SECRET).holds


@pytest.mark.parametrize("proof", [None, "", "  "])
def test_without_proof_people_are_pending(session: Session, news: MailingList, path: Path, proof: str | None) -> None:
    report = bring_in(session, news, path, "email\nanna@example.org\n", proof=proof)

    assert report.imported == 1
    assert receivers(session, news) == []
    subscription = session.scalars(select(Subscription)).one()
    assert (subscription.state, subscription.confirmation_sent_at) == ("pending", None)
    record = session.scalars(select(ConsentRecord)).one()
    assert (record.kind, record.wording) == ("imported without proof", None)


def test_each_row_is_counted_once(session: Session, news: MailingList, path: Path) -> None:
    a_subscription(session, news, "known@example.org")
    blocked = EmailAddress.parse("blocked@example.org")
    suppression.add(session, blocked, SuppressionReason.BLOCKED, secret=SECRET, by=STAFF, now=NOW)
    content = (
        "email\nanna@example.org\nANNA@example.org\nknown@example.org\nblocked@example.org\nnobody\n"
        "bert@example.org\nanna@EXAMPLE.org\n"
    )

    report = bring_in(session, news, path, content)

    assert (report.rows, report.imported, report.duplicates, report.already_there) == (7, 2, 2, 1)
    assert (report.suppressed, report.bad_rows) == (1, 1)
    assert report.bad == ((6, "“nobody” is not an e-mail address: An @-sign is missing"),)
    assert people.find(session, blocked) is None


def test_a_rehearsal_reports_the_same_and_changes_nothing(session: Session, news: MailingList, path: Path) -> None:
    a_subscription(session, news, "known@example.org")
    content = "email\nanna@example.org\nknown@example.org\nx\nanna@example.org\nbert@example.org\nbert@example.org\n"
    bad_rows = path.with_name("bad.csv")
    session.flush()
    before = [count(session, table) for table in (Subscriber, Subscription, ConsentRecord, AuditEntry)]

    rehearsed = bring_in(session, news, path, content, rehearse=True, bad_rows=bad_rows, rows=2)

    session.flush()
    assert [count(session, table) for table in (Subscriber, Subscription, ConsentRecord, AuditEntry)] == before
    assert not bad_rows.exists()
    assert bring_in(session, news, path, content, rows=2) == rehearsed


def test_importing_the_same_file_again_changes_nothing(session: Session, news: MailingList, path: Path) -> None:
    bring_in(session, news, path, "email\nanna@example.org\nbert@example.org\n")

    report = bring_in(session, news, path)

    assert (report.imported, report.already_there) == (0, 2)
    assert count(session, ConsentRecord) == 2


def test_who_left_stays_left(session: Session, news: MailingList, path: Path) -> None:
    subscription = a_subscription(session, news)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)

    report = bring_in(session, news, path, "email\nanna@example.org\n")

    assert report.already_there == 1
    assert receivers(session, news) == []


def test_who_left_and_was_then_signed_up_by_anybody_is_not_confirmed_by_old_proof(
    session: Session, news: MailingList, path: Path
) -> None:
    subscription = a_subscription(session, news, confirmed=False)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)
    subscription.confirmation_sent_at = None
    asked(session, news)

    report = bring_in(session, news, path, "email\nanna@example.org\n")

    assert report.already_there == 1
    assert receivers(session, news) == []


def test_a_confirmed_reader_is_not_renamed(session: Session, news: MailingList, path: Path) -> None:
    a_subscription(session, news)
    events = a_list(session, "events")

    report = bring_in(session, events, path, "email;Vorname\nANNA@example.org;Annabella\n")

    assert report.imported == 1
    assert people.known(session, EmailAddress.parse("anna@example.org")).first_name == "Anna"
    assert receivers(session, events) == ["anna@example.org"]
    assert [record.sequence for record in consent.history(session, 1)] == [1, 2, 3]
    assert consent.verify(session, secret=SECRET).holds


def test_proof_brought_later_confirms_who_was_imported_without(session: Session, news: MailingList, path: Path) -> None:
    bring_in(session, news, path, "email\nanna@example.org\n", proof=None)

    report = bring_in(session, news, path)

    assert report.imported == 1
    assert receivers(session, news) == ["anna@example.org"]
    kinds = [record.kind for record in consent.history(session, 1)]
    assert kinds == ["imported without proof", "imported with proof"]
    assert consent.verify(session, secret=SECRET).holds


def test_bad_rows_are_kept_to_be_corrected_and_imported(session: Session, news: MailingList, path: Path) -> None:
    bad_rows = path.with_name("bad.csv")
    content = 'Vorname;E-Mail\nAnna;anna@example.org\nBert;bert@\nCarl\nDora;"dora@example.org\nEmil;e@example.org\n'

    bring_in(session, news, path, content, bad_rows=bad_rows)

    kept = list(csv.reader(bad_rows.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert kept[0] == ["Vorname", "E-Mail", "reason"]
    assert kept[1][:2] == ["Bert", "bert@"]
    assert kept[1][2].startswith("“bert@” is not an e-mail address")
    assert kept[2] == ["Carl", "", "it has no address"]
    assert kept[3] == ['Dora;"dora@example.org', "", "a quotation mark is not closed"]
    corrected = bad_rows.read_text(encoding="utf-8-sig").replace("bert@;", "bert@example.org;")
    again = bring_in(session, news, path, corrected)
    assert (again.imported, again.bad_rows) == (1, 2)


def test_no_file_of_bad_rows_is_made_where_all_are_good(session: Session, news: MailingList, path: Path) -> None:
    bad_rows = path.with_name("bad.csv")

    bring_in(session, news, path, "email\nanna@example.org\n", bad_rows=bad_rows)

    assert not bad_rows.exists()


def test_each_chunk_has_its_row_in_the_audit_log(session: Session, news: MailingList, path: Path) -> None:
    bring_in(session, news, path, "email\n" + "".join(f"r{number}@example.org\n" for number in range(5)))

    session.flush()
    details = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "subscriber.import")).all()
    assert [(row["imported"], row["rows_so_far"]) for row in details] == [(3, 3), (2, 5)]
    assert details[0]["file"] == "people.csv"


def test_more_people_than_fit_into_one_statement_are_imported(session: Session, news: MailingList, path: Path) -> None:
    content = "email\n" + "".join(f"reader{number}@example.org\n" for number in range(1_200))

    report = bring_in(session, news, path, content, rows=1_000)

    assert report.imported == 1_200
    assert len(receivers(session, news)) == 1_200
    assert consent.verify(session, secret=SECRET).holds


def test_a_person_made_known_in_the_same_moment_is_looked_up_again(
    session: Session, news: MailingList, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look finds nobody, as it does when a sign-up commits just after it."""
    asked(session, news, "bert@example.org")
    session.flush()
    looks: list[int] = []

    def outdated_look(session_: Session, rows: Sequence[GoodRow], **facts: Any) -> Sorted:
        looks.append(len(rows))
        if len(looks) == 1:
            return Sorted(tuple(Wanted(row, row.address.key, None, None) for row in rows), 0, 0)
        return sort(session_, rows, **facts)

    monkeypatch.setattr(run, "sort", outdated_look)

    report = bring_in(session, news, path, "email\nanna@example.org\nbert@example.org\n")

    assert looks == [2, 2]
    assert (report.imported, report.already_there) == (1, 1)


def test_a_reader_may_not_import(news: MailingList, path: Path) -> None:
    path.write_text("email\nanna@example.org\n")

    with importing.opened(path) as sheet, pytest.raises(NotPermitted):
        importing.Import(sheet, news, proof=None, secret=SECRET, by=VISITOR)


def test_who_leaves_between_the_look_and_the_writing_is_not_confirmed(
    session: Session, news: MailingList, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(session, news, path, "email\nanna@example.org\nben@example.org\n", proof=None)
    looks: list[Sorted] = []

    def look(*arguments: Any, **named: Any) -> Sorted:
        looks.append(sort(*arguments, **named))
        return looks[0] if len(looks) == 2 else looks[-1]  # the first look of the import sees what was

    monkeypatch.setattr(run, "sort", look)
    bring_in(session, news, path, rehearse=True)
    anna = session.scalars(
        select(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Subscriber.address_key == ANNA)
    ).one()
    subscribing.leave(session, anna, source="page", secret=SECRET, by=VISITOR, now=NOW)

    report = bring_in(session, news, path)

    assert receivers(session, news) == ["ben@example.org"]
    assert (report.imported, report.already_there, len(looks)) == (1, 1, 3)


def a_topic(session: Session, mailing_list: MailingList, slug: str) -> int:
    return topics.add(session, mailing_list, slug, names={"de": slug}, by=STAFF, now=NOW).id


def choices(session: Session) -> list[set[int] | None]:
    subscriptions = session.scalars(select(Subscription).order_by(Subscription.id))
    chosen = [topics.chosen(session, each) for each in subscriptions]
    return [None if each is None else set(each) for each in chosen]


def test_region_title_and_topics_are_taken(session: Session, news: MailingList, path: Path) -> None:
    sport, culture = a_topic(session, news, "sport"), a_topic(session, news, "culture")

    report = bring_in(
        session,
        news,
        path,
        "E-Mail;Titel;Landkreis;Themen\n"
        "a@example.org;Dr.;Celle;sport | culture\nb@example.org;;;culture\nc@example.org;;;\nd@example.org;;;|\n",
    )

    assert report.imported == 4
    assert choices(session) == [{sport, culture}, {culture}, None, set()]
    anna = people.known(session, EmailAddress.parse("a@example.org"))
    assert (anna.title, anna.region) == ("Dr.", "Celle")


@pytest.mark.parametrize("rehearse", [False, True])
def test_a_topic_the_list_does_not_have_makes_a_bad_row(
    session: Session, news: MailingList, path: Path, tmp_path: Path, *, rehearse: bool
) -> None:
    a_topic(session, a_list(session, "other"), "sport")
    a_topic(session, news, "culture")
    content = "email,topics\nnonsense,\na@example.org,culture|sport\nb@example.org,culture\n"

    report = bring_in(session, news, path, content, bad_rows=tmp_path / "bad.csv", rehearse=rehearse)

    assert (report.rows, report.imported, report.bad_rows) == (3, 1, 2)
    assert report.bad[1] == (3, "the list “news” has no topic “sport”")
    if not rehearse:
        assert "a@example.org,culture|sport,the list “news” has no topic “sport”" in (tmp_path / "bad.csv").read_text()


def test_a_bad_row_that_is_mended_can_be_imported(session: Session, news: MailingList, path: Path) -> None:
    bring_in(session, news, path, "email,topics\na@example.org,sport\n")
    sport = a_topic(session, news, "sport")

    assert bring_in(session, news, path).imported == 1
    assert choices(session) == [{sport}]


def test_an_import_with_proof_brings_the_topics_of_who_waits_since_an_earlier_one(
    session: Session, news: MailingList, path: Path
) -> None:
    sport, culture = a_topic(session, news, "sport"), a_topic(session, news, "culture")
    bring_in(session, news, path, "email,topics\na@example.org,sport\n", proof=None)
    assert choices(session) == [{sport}]

    bring_in(session, news, path, "email,topics\na@example.org,culture\n")

    assert choices(session) == [{culture}]


def test_who_is_there_already_keeps_what_they_chose(session: Session, news: MailingList, path: Path) -> None:
    sport = a_topic(session, news, "sport")
    a_topic(session, news, "culture")
    topics.choose(session, a_subscription(session, news, ANNA), [sport], by=VISITOR, now=NOW)

    assert bring_in(session, news, path, f"email,topics\n{ANNA},culture\n").already_there == 1

    assert choices(session) == [{sport}]
