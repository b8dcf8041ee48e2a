import datetime as dt

import pytest
from sqlalchemy.orm import Session

from subscribers import wordings
from subscribers.errors import NotPermitted, WordingInvalid
from subscribers.models import ListWording, MailingList
from tests.support.people import NOW, STAFF, VISITOR, a_list

FIRST = "Ich möchte „%(list)s“ von %(publisher)s erhalten. Das kann ich jederzeit widerrufen."
SECOND = "Ja, ich möchte „%(list)s“ lesen, bis ich mich abmelde."
LATER = NOW + dt.timedelta(days=1)


def put(session: Session, news: MailingList, text: str = FIRST, *, now: dt.datetime = NOW) -> ListWording:
    return wordings.put(session, news, language="de", text=text, by=STAFF, now=now)


def test_a_list_has_no_words_of_its_own_at_first(session: Session) -> None:
    news = a_list(session)

    assert wordings.in_force(session, news, language="de") is None
    assert wordings.history(session, news, language="de") == ()


def test_each_version_is_kept_with_its_time_and_who_made_and_ended_it(session: Session) -> None:
    news = a_list(session)

    put(session, news)
    put(session, news, SECOND, now=LATER)

    assert [
        (each.text, each.since, each.until, each.made_by, each.ended_by)
        for each in wordings.history(session, news, language="de")
    ] == [(FIRST, NOW, LATER, "command line", "command line"), (SECOND, LATER, None, "command line", "")]
    assert wordings.in_force(session, news, language="en") is None


def test_the_same_words_again_are_no_new_version(session: Session) -> None:
    news = a_list(session)

    assert put(session, news) is put(session, news, FIRST.replace(" ", "\n "), now=LATER)

    assert len(wordings.history(session, news, language="de")) == 1


def test_going_back_to_the_shipped_words_ends_the_version(session: Session) -> None:
    news = a_list(session)
    put(session, news)

    assert wordings.withdraw(session, news, language="de", by=STAFF, now=LATER)
    assert not wordings.withdraw(session, news, language="de", by=STAFF, now=LATER)

    assert wordings.in_force(session, news, language="de") is None
    assert [each.until for each in wordings.history(session, news, language="de")] == [LATER]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ich kann das widerrufen.", "must name the list"),
        ("Ich möchte „%(list)s“ erhalten.", "can be withdrawn"),
        ("%(list)s, widerrufbar, %(liste)s", "“%\\(liste\\)s” stands for nothing"),
        ("<b>%(list)s</b>, widerrufbar", "plain text"),
        ("%(list)s\u202e, widerrufbar", "plain text"),
        ("%(list)s widerrufbar " + "x" * 2_000, "nobody reads more"),
        ("", "must name the list"),
    ],
)
def test_words_nobody_could_consent_by_are_refused(session: Session, text: str, reason: str) -> None:
    news = a_list(session)

    with pytest.raises(WordingInvalid, match=reason):
        put(session, news, text)

    assert wordings.history(session, news, language="de") == ()


def test_english_words_tell_of_the_withdrawal_in_english(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(WordingInvalid):
        wordings.put(session, news, language="en", text="%(list)s, widerrufbar", by=STAFF, now=NOW)

    wordings.put(session, news, language="en", text="%(list)s; I can withdraw this.", by=STAFF, now=NOW)


def test_names_are_filled_in_once_and_other_signs_stay() -> None:
    shown = wordings.filled("„%(list)s“ von %(publisher)s, 100 % frei", list_name="%(publisher)s", publisher="Amt")

    assert shown == "„%(publisher)s“ von Amt, 100 % frei"


def test_a_reader_may_not_change_the_words(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(NotPermitted):
        wordings.put(session, news, language="de", text=FIRST, by=VISITOR, now=NOW)
    with pytest.raises(NotPermitted):
        wordings.withdraw(session, news, language="de", by=VISITOR, now=NOW)
