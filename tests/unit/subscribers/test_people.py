from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from subscribers import people
from subscribers.address import EmailAddress
from subscribers.models import Subscriber
from subscribers.people import LIMITS, Person
from tests.support.people import NOW

ANNA = EmailAddress.parse("anna@example.org")


def test_a_name_becomes_one_clean_line() -> None:
    person = Person(first_name="  Anna\r\nBcc: x\0  Maria ", last_name="\u202eSchmidt", title="Dr.\tmed.")

    assert person.first_name == "Anna Bcc: x Maria"
    assert person.last_name == "Schmidt"
    assert person.title == "Dr. med."


def test_joined_emoji_and_accents_stay_whole() -> None:
    assert Person(first_name="Rene\u0301 👩‍🚀").first_name == "René 👩‍🚀"


def test_a_language_that_is_none_is_dropped() -> None:
    assert Person(language="de").language == "de"
    assert Person(language="de-AT").language == "de-AT"
    assert Person(language="Deutsch").language == ""


def test_only_what_was_told_is_told() -> None:
    assert Person(last_name="Schmidt", title=" ").told() == {"last_name": "Schmidt"}


@given(st.text(max_size=300))
def test_any_text_fits_its_column_and_one_line(text: str) -> None:
    person = Person(text, text, text, text, text, text, text)

    for name, limit in LIMITS.items():
        value = getattr(person, name)
        assert len(value) <= limit
        assert value == value.strip()
        assert not any(character in value for character in "\r\n\t\0\u2028\u2029\u202e")
    assert Person(**person.fields()) == person


def test_a_person_made_known_at_the_same_moment_is_found(session: Session) -> None:
    def insert_first(connection: Connection, *_: object) -> None:
        connection.exec_driver_sql(
            "INSERT INTO subscriber (id, address, address_key, suppression_key, provider, salutation, title,"
            " first_name, last_name, organisation, language, created_at) VALUES"
            " (7, 'anna@example.org', 'anna@example.org', 'k', 'other', '', '', 'First', '', '', '', '2026-11-23')"
            " ON CONFLICT DO NOTHING"
        )

    event.listen(session.connection(), "savepoint", insert_first)

    found = people.find_or_add(session, ANNA, Person(first_name="Second"), suppression_key="k", now=NOW)

    assert (found.id, found.first_name) == (7, "First")
    assert session.scalars(select(Subscriber.id)).all() == [7]
