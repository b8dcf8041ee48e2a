import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import form_fields
from subscribers.audit import AuditEntry
from subscribers.errors import FormFieldInvalid, NotPermitted
from tests.support.people import NOW, STAFF, VISITOR, a_list


def test_a_list_that_never_said_anything_asks_for_name_and_organisation(session: Session) -> None:
    assert {name: asked.value for name, asked in form_fields.of_list(a_list(session)).items()} == {
        "salutation": "optional",
        "title": "off",
        "first_name": "optional",
        "last_name": "optional",
        "organisation": "optional",
        "region": "off",
        "topics": "off",
        "language": "off",
    }


def test_what_is_changed_is_changed_and_the_rest_stays(session: Session) -> None:
    news = a_list(session)
    form_fields.ask(session, news, {"region": "required", "salutation": "off"}, by=STAFF, now=NOW)
    form_fields.ask(session, news, {"topics": "optional"}, by=STAFF, now=NOW)
    session.flush()
    session.expire(news)

    asked = form_fields.of_list(news)
    assert (asked["region"], asked["salutation"], asked["topics"]) == ("required", "off", "optional")
    assert asked["organisation"] == "optional"


@pytest.mark.parametrize(
    "wanted", [{"region": "maybe"}, {"birthday": "required"}, {"email": "off"}, {"region": "required", "x": "off"}]
)
def test_what_is_no_field_is_refused_and_nothing_changed(session: Session, wanted: dict[str, str]) -> None:
    news = a_list(session)

    with pytest.raises(FormFieldInvalid, match="the fields are salutation, title, first_name"):
        form_fields.ask(session, news, wanted, by=STAFF, now=NOW)

    assert news.form == {}


def test_a_reader_may_not_change_the_form(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(NotPermitted):
        form_fields.ask(session, news, {}, by=VISITOR, now=NOW)


def test_a_change_is_in_the_audit_log(session: Session) -> None:
    news = a_list(session)

    form_fields.ask(session, news, {"region": "required"}, by=STAFF, now=NOW)

    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "list.form")).one()
    assert (entry.subject, entry.details) == (f"list:{news.id}", {"region": "required"})
