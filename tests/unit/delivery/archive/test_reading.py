import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.archive import reading, visibility
from newsletter.delivery.archive.folding import terms_of
from newsletter.delivery.archive.models import Visibility
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from subscribers.models import MailingList
from tests.support.archives import a_content, sent, shown_to
from tests.support.makers import NOW, a_list, a_publication


@pytest.fixture
def region(session: Session) -> MailingList:
    made = a_list(session)
    a_publication(session, made)
    return made


def days(number: int) -> dt.datetime:
    return NOW - dt.timedelta(days=number)


def subjects(page: reading.Page | None) -> list[str]:
    assert page is not None
    return [entry.subject for entry in page.entries]


def test_issues_stand_newest_first_and_also_of_one_moment_in_order(session: Session, region: MailingList) -> None:
    for subject, at in (("alt", days(3)), ("eins", NOW), ("zwei", NOW)):
        sent(session, a_content(subject), at=at)

    assert subjects(reading.page(session, region.id)) == ["zwei", "eins", "alt"]
    newest = reading.newest(session, region.id)
    assert newest is not None
    assert newest.subject == "zwei"


def test_pages_end_where_there_is_no_more(
    session: Session, region: MailingList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PER_PAGE", 2)
    assert subjects(reading.page(session, region.id)) == []
    for number in range(5):
        sent(session, a_content(f"Nummer {number}"), at=days(number))

    shown = [reading.page(session, region.id, number=number) for number in (0, 1, 2, 3, 4)]

    assert [None if page is None else len(page.entries) for page in shown] == [None, 2, 2, 1, None]
    assert [page and (page.total, page.pages) for page in shown[1:4]] == [(5, 3)] * 3
    found = [reading.search(session, region.id, ("nummer",), number=number) for number in (0, 1, 2, 3, 4)]
    assert [page and subjects(page) for page in found] == [page and subjects(page) for page in shown]


def test_years_are_told_and_chosen(session: Session, region: MailingList) -> None:
    for subject, at in (("neu", NOW), ("alt", days(400)), ("älter", days(410))):
        sent(session, a_content(subject), at=at)

    assert reading.years(session, region.id) == (2026, 2025)
    assert subjects(reading.page(session, region.id, year=2025)) == ["alt", "älter"]
    assert subjects(reading.page(session, region.id, year=1999)) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("FLUSS begehbar", ["Der Größte"]),
        ("großte", ["Der Größte"]),
        ("grosste fest", ["Der Größte"]),
        ("Fluss Flugzeug", []),
        ("%", []),
        ("_er", []),
    ],
)
def test_what_is_searched_is_found_in_subject_preheader_and_words(
    session: Session, region: MailingList, asked: str, found: list[str]
) -> None:
    sent(session, a_content("Der Größte", "Ein Fest am Wasser"))

    assert subjects(reading.search(session, region.id, terms_of(asked))) == found


def test_what_was_found_in_the_words_is_shown_with_those_around(session: Session, region: MailingList) -> None:
    sent(session)

    page = reading.search(session, region.id, ("begehbar",))

    assert page is not None
    assert "der Weg am Ufer ist begehbar." in page.entries[0].found


def test_an_issue_knows_the_one_before_and_the_one_after(session: Session, region: MailingList) -> None:
    for subject, at in (("alt", days(3)), ("eins", NOW), ("zwei", NOW)):
        sent(session, a_content(subject), at=at)
    page = reading.page(session, region.id)
    assert page is not None

    around = [reading.neighbours(session, region.id, entry) for entry in page.entries]

    told = [(each.older and each.older.subject, each.newer and each.newer.subject) for each in around]
    assert told == [("eins", None), ("alt", "zwei"), (None, "eins")]


def test_lists_do_not_mix(session: Session, region: MailingList) -> None:
    other = a_list(session, "other")
    a_publication(session, other, "anders")
    sent(session, a_content("hier"), mailing_list=region)
    sent(session, a_content("dort"), mailing_list=other)

    assert subjects(reading.page(session, region.id)) == ["hier"]
    assert subjects(reading.page(session, other.id)) == ["dort"]
    assert reading.entry(session, other.id, "2026-11-23-hier") is None
    assert [entry.entry.subject for entry in reading.feed(session, other.id)] == ["dort"]


def test_nothing_is_public_until_somebody_says_so(session: Session, region: MailingList) -> None:
    sent(session)
    assert visibility.of(session, region.id) is Visibility.UNLISTED
    assert (reading.public_lists(session), reading.public_pages(session, most=9)) == ((), ())

    shown_to(session, Visibility.PUBLIC)

    assert visibility.of(session, region.id) is Visibility.PUBLIC
    assert [each.slug for each in reading.public_lists(session)] == ["region"]
    assert reading.public_pages(session, most=9) == (("region", "2026-11-23-der-park-ist-fertig", NOW),)

    shown_to(session, Visibility.OFF)
    assert visibility.of(session, region.id) is Visibility.OFF
    assert (reading.public_lists(session), reading.public_pages(session, most=9)) == ((), ())


def test_who_may_not_manage_publications_cannot_make_an_archive_public(session: Session, region: MailingList) -> None:
    editor = Actor(ActorKind.STAFF, "ed@example.org", frozenset())

    with pytest.raises(NotPermitted):
        visibility.show_to(session, region, visibility=Visibility.PUBLIC, by=editor, now=NOW)
    assert visibility.of(session, region.id) is Visibility.UNLISTED
