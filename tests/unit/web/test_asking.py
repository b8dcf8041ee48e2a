import dataclasses

from newsletter.web.forms import Form
from newsletter.web.public.asking import answers_of, fields_in_order, no_answers
from newsletter.web.public.offering import Offer, OfferedTopic
from subscribers.form_fields import Asked
from subscribers.people import Person

OFFER = Offer(
    slug="news",
    name="News",
    language="de",
    publisher="Presse",
    contact="presse@example.org",
    fields={
        "salutation": Asked.REQUIRED,
        "first_name": Asked.OPTIONAL,
        "region": Asked.REQUIRED,
        "topics": Asked.OPTIONAL,
        "language": Asked.OPTIONAL,
    },
    topics=(OfferedTopic("sport", {"de": "Sport"}), OfferedTopic("culture", {"de": "Kultur"})),
    words={"de": "Ja.", "en": "Yes."},
)
WHOLE = {"email": "anna@example.org", "salutation": "Frau", "region": "Celle"}


def test_what_is_required_stands_open_and_what_is_optional_is_folded_but_topics() -> None:
    assert fields_in_order(OFFER) == (("salutation", "region", "topics"), ("first_name", "language"))


def test_a_whole_form_has_no_problem() -> None:
    answers = answers_of(Form({**WHOLE, "first_name": " Anna ", "topic-sport": "yes"}), OFFER)

    assert answers.problems == ()
    assert str(answers.address) == "anna@example.org"
    assert answers.topics == {"sport"}
    assert answers.person(language="de") == Person("Frau", first_name="Anna", region="Celle", language="de")


def test_problems_come_in_the_order_of_the_form() -> None:
    assert answers_of(Form({"email": "anna", "region": "  "}), OFFER).problems == ("email", "salutation", "region")


def test_required_topics_are_missed() -> None:
    offer = dataclasses.replace(OFFER, fields={"topics": Asked.REQUIRED})

    assert answers_of(Form(WHOLE), offer).problems == ("topics",)
    assert answers_of(Form({**WHOLE, "topic-sport": "yes"}), offer).problems == ()
    assert answers_of(Form({**WHOLE, "topic-unknown": "yes"}), offer).problems == ("topics",)


def test_no_salutation_is_an_answer_that_tells_nothing() -> None:
    answers = answers_of(Form({**WHOLE, "salutation": "-"}), OFFER)

    assert answers.problems == ()
    assert answers.person(language="de").salutation == ""


def test_the_language_chosen_counts_else_the_one_of_the_form() -> None:
    assert answers_of(Form({**WHOLE, "language": "en"}), OFFER).person(language="de").language == "en"
    assert answers_of(Form({**WHOLE, "language": "xx"}), OFFER).person(language="de").language == "de"


def test_what_a_list_does_not_ask_is_not_looked_at() -> None:
    answers = answers_of(Form({**WHOLE, "organisation": "Amt", "title": "Dr.", "id": "7"}), OFFER)

    assert set(answers.told) == {"salutation", "first_name", "region"}


def test_a_form_nobody_has_filled_in_is_empty_and_has_no_problem() -> None:
    answers = no_answers(OFFER)

    assert (answers.email, answers.problems, answers.topics) == ("", (), frozenset())
    assert not answers.is_more_told
