import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.texts import reading, writing
from newsletter.texts.letters import CONFIRMATION
from newsletter.texts.models import ListText
from newsletter.texts.pages import CONFIRM
from newsletter.texts.reading import Version
from newsletter.texts.rules import TextRefused
from subscribers.actor import Actor, ActorKind
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from subscribers.models import MailingList
from tests.support.makers import BY, NOW, a_list

SUBJECT, BODY = CONFIRMATION.passage("subject"), CONFIRMATION.passage("body")
LATER = NOW + dt.timedelta(hours=1)


def write(session: Session, mailing_list: MailingList, text: str, *, language: str = "de", by: Actor = BY) -> str:
    return writing.write(session, mailing_list, passage=SUBJECT, language=language, text=text, by=by, now=NOW)


def subject_of(session: Session, mailing_list: MailingList, *, language: str = "de") -> str:
    return reading.of_list(session, mailing_list.id, language=language).text(SUBJECT)


def test_a_text_is_of_one_list_and_one_language(session: Session) -> None:
    news, other = a_list(session), a_list(session, "other")

    assert write(session, news, " Bestätigen: {list}\n") == "Bestätigen: {list}"

    assert subject_of(session, news) == "Bestätigen: {list}"
    assert subject_of(session, news, language="en") == "Please confirm: {list}"
    assert subject_of(session, other) == "Bitte bestätigen Sie: {list}"
    assert reading.of_slug(session, "region", language="de").text(SUBJECT) == "Bestätigen: {list}"
    assert reading.of_slug(session, "nowhere", language="de").text(SUBJECT) == "Bitte bestätigen Sie: {list}"


def test_the_last_one_counts_and_all_are_kept(session: Session) -> None:
    news = a_list(session)
    write(session, news, "Eins {list}")
    write(session, news, "Zwei {list}")

    assert writing.reset(session, news, passage=SUBJECT, language="de", by=BY, now=LATER)

    assert subject_of(session, news) == "Bitte bestätigen Sie: {list}"
    assert reading.history(session, news.id, passage=SUBJECT, language="de") == (
        Version("", LATER, "command line"),
        Version("Zwei {list}", NOW, "command line"),
        Version("Eins {list}", NOW, "command line"),
    )
    assert write(session, news, "Eins {list}") == "Eins {list}"
    assert subject_of(session, news) == "Eins {list}"


def test_nothing_is_written_where_nothing_changes(session: Session) -> None:
    news = a_list(session)
    write(session, news, "Eins {list}")
    write(session, news, "Eins {list} ")

    assert len(session.scalars(select(ListText)).all()) == 1
    assert not writing.reset(session, news, passage=BODY, language="de", by=BY, now=NOW)
    assert len(session.scalars(select(ListText)).all()) == 1


def test_a_refused_text_changes_nothing(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(TextRefused):
        writing.write(session, news, passage=BODY, language="de", text="Ohne Link", by=BY, now=NOW)
    with pytest.raises(TextRefused, match="there is no language “fr”, only de and en"):
        write(session, news, "Bonjour", language="fr")

    assert session.scalars(select(ListText)).all() == []


def test_only_who_manages_people_changes_texts(session: Session) -> None:
    news = a_list(session)
    editor = Actor(ActorKind.STAFF, "e@example.org", frozenset())

    with pytest.raises(NotPermitted):
        write(session, news, "Eins {list}", by=editor)
    with pytest.raises(NotPermitted):
        writing.reset(session, news, passage=SUBJECT, language="de", by=editor, now=NOW)


def test_the_audit_log_tells_which_text_was_changed(session: Session) -> None:
    news = a_list(session)
    write(session, news, "Eins {list}")
    writing.reset(session, news, passage=SUBJECT, language="de", by=BY, now=NOW)
    session.flush()

    rows = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("text.")).order_by(AuditEntry.id))
    assert [(row.action, row.subject, row.details) for row in rows] == [
        ("text.write", f"list:{news.id}", {"passage": "mail.confirmation.subject", "language": "de"}),
        ("text.reset", f"list:{news.id}", {"passage": "mail.confirmation.subject", "language": "de"}),
    ]


def test_a_text_the_rules_no_longer_take_does_not_count(session: Session) -> None:
    news = a_list(session)
    for passage, text in ((BODY, "Ohne Link"), (SUBJECT, "Alt {gone}"), (CONFIRM.passage("lead"), "Gut: {list}")):
        session.add(
            ListText(
                list_id=news.id, passage=passage.name, language="de", text=text, changed_at=NOW, changed_by="before"
            )
        )
    session.flush()

    texts = reading.of_list(session, news.id, language="de")

    assert texts.text(BODY) == BODY.own_text("de")
    assert texts.text(SUBJECT) == SUBJECT.own_text("de")
    assert texts.text(CONFIRM.passage("lead")) == "Gut: {list}"
    assert reading.refusal("Ohne Link", BODY).startswith("{link} is missing")
    problems = reading.problems(session)
    assert [problem.partition(": ")[0] for problem in problems] == [
        "The text mail.confirmation.body (de) of the list “region” does not count",
        "The text mail.confirmation.subject (de) of the list “region” does not count",
    ]


def test_a_text_of_a_place_that_is_gone_is_nobody_s_problem(session: Session) -> None:
    news = a_list(session)
    session.add(
        ListText(list_id=news.id, passage="page.gone", language="de", text="x", changed_at=NOW, changed_by="before")
    )
    session.flush()

    assert reading.problems(session) == ()
    assert subject_of(session, news) == SUBJECT.own_text("de")
