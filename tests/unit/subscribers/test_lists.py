import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import lists
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.errors import ListExists, ListNameInvalid, ListNotFound, NotPermitted, SlugInvalid
from tests.support.people import NOW, STAFF, VISITOR, a_list, a_subscription


def create(session: Session, slug: str, *, name: str = "Presse", by: Actor = STAFF) -> None:
    lists.create(session, slug, name=name, language="de", by=by, now=NOW)


def test_a_list_is_found_by_its_short_name(session: Session) -> None:
    made = a_list(session)

    assert lists.named(session, "news") is made
    assert [each.slug for each in lists.every(session)] == ["news"]


def test_making_a_list_is_in_the_audit_log(session: Session) -> None:
    made = a_list(session)

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.actor_name) == ("list.create", f"list:{made.id}", "command line")


def test_an_unknown_list_is_not_found(session: Session) -> None:
    with pytest.raises(ListNotFound, match="no list “news”"):
        lists.named(session, "news")


def test_a_second_list_of_the_same_short_name_is_refused_and_the_first_stays(session: Session) -> None:
    a_list(session)

    with pytest.raises(ListExists):
        a_list(session)

    assert len(lists.every(session)) == 1


@pytest.mark.parametrize("slug", ["", "News", "1st", "a b", "ä", "a/b", "a\n", "x" * 61])
def test_a_short_name_has_small_letters_digits_and_hyphens(session: Session, slug: str) -> None:
    with pytest.raises(SlugInvalid):
        create(session, slug)


@pytest.mark.parametrize("name", ["", "  ", "Presse\r\nBcc: x", "x" * 201])
def test_a_name_is_one_line(session: Session, name: str) -> None:
    with pytest.raises(ListNameInvalid):
        create(session, "news", name=name)


def test_a_reader_may_not_make_a_list(session: Session) -> None:
    with pytest.raises(NotPermitted):
        create(session, "news", by=VISITOR)


def test_people_are_counted_by_state(session: Session) -> None:
    news = a_list(session)
    a_subscription(session, news, "anna@example.org")
    a_subscription(session, news, "bert@example.org", confirmed=False)

    assert lists.counts(session, news) == {"pending": 1, "confirmed": 1, "left": 0}


@pytest.mark.parametrize("slug", ["news\0", "\ud800", "x" * 100_000, ""])
def test_what_cannot_be_a_short_name_is_no_list(session: Session, slug: str) -> None:
    with pytest.raises(ListNotFound):
        lists.named(session, slug)
