import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.readers.preferring import ListChoices, Preferences, TopicChoice, Wanted
from newsletter.web.forms import Form
from newsletter.web.public.choices_form import Problem, ReadForm, Wordings, day_of, read
from subscribers.models import SubscriptionState
from tests.support.people import NOW

WORDINGS = {7: Wordings("Ich möchte sie.", "Ihr dürft zählen.")}
TOPICS = (TopicChoice(3, {"de": "Kultur"}, chosen=True), TopicChoice(4, {"de": "Sport"}, chosen=False))


def of(*, state: str = "confirmed", **fields: str) -> ReadForm:
    """What a form says about the list 7; `on_7` is the field `on-7`."""
    choices = ListChoices(
        7, "Region", "region", "Presse", SubscriptionState(state), TOPICS, None, measured=None, may_agree=True
    )
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return read(Form(named), Preferences(lists=(choices,)), WORDINGS, now=NOW)


def wanted(**fields: str) -> Wanted:
    return of(**fields).wanted[7]


def test_an_empty_form_wants_nothing() -> None:
    assert wanted() == Wanted(measuring_wording="Ihr dürft zählen.")


def test_a_box_counts_only_where_it_was_shown_and_differs() -> None:
    assert wanted(was_on_7="yes", on_7="yes").on is None
    assert wanted(was_on_7="yes").on is False
    assert wanted(on_7="yes").on is None
    assert wanted(was_on_7="maybe").on is None
    assert of(state="left", was_on_7="no", on_7="yes").wanted[7] == Wanted(on=True, wording="Ich möchte sie.")
    assert of(state="left", was_on_7="no", on_7="yes").mails == 1
    assert of(state="left", was_on_7="yes").mails == 0


def test_a_form_that_was_opened_before_a_list_was_left_does_not_lead_back() -> None:
    assert of(state="left", was_on_7="yes", on_7="yes").wanted[7].on is None


def test_of_a_list_that_is_left_nothing_else_is_looked_at() -> None:
    assert of(was_on_7="yes", was_topics_7="3", pause_7="own").problems == {}


def test_topics_count_where_they_differ_from_those_shown() -> None:
    assert wanted(was_topics_7="3", topic_7_3="yes").topics is None
    assert wanted(was_topics_7="3", topic_7_4="yes").topics == frozenset({4})
    assert wanted(was_topics_7="none", topic_7_3="yes", topic_7_4="yes").topics == frozenset({3, 4})
    assert wanted(topic_7_4="yes").topics is None, "topics were not shown"
    assert wanted(was_topics_7="3", topic_7_3="yes", topic_7_999="yes").topics is None, "no topic of this list"
    assert of(was_topics_7="3").problems == {"topics-7": Problem.NO_TOPIC}
    assert of(was_topics_7="none").problems == {}, "as it was"


@pytest.mark.parametrize(
    ("chosen", "typed", "until"),
    [
        ("2026-12-24", "", "2026-12-24"),
        ("own", "2026-12-24", "2026-12-24"),
        ("own", "24.12.2026", "2026-12-24"),
        ("own", "1. 2. 2027", "2027-02-01"),
        ("", "2026-12-24", "2026-12-24"),
        ("2026-12-07", "2026-12-24", "2026-12-07"),
    ],
)
def test_a_pause_is_a_day(chosen: str, typed: str, until: str) -> None:
    form = of(pause_7=chosen, until_7=typed)

    assert form.wanted[7].pause == dt.date.fromisoformat(until)
    assert form.problems == {}


@pytest.mark.parametrize(
    ("chosen", "typed", "problem"),
    [
        ("own", "", Problem.NO_DAY),
        ("own", "morgen", Problem.NO_DAY),
        ("own", "2026-13-01", Problem.NO_DAY),
        ("own", "99.99.9999", Problem.NO_DAY),
        ("own", "٢٠٢٦-١٢-٢٤", Problem.NO_DAY),
        ("", "x", Problem.NO_DAY),
        ("x", "", Problem.NO_DAY),
        ("own", "2026-11-23", Problem.DAY_REFUSED),
        ("own", "9999-12-31", Problem.DAY_REFUSED),
        ("2020-01-01", "", Problem.DAY_REFUSED),
    ],
)
def test_a_day_that_cannot_be_meant_is_a_problem_of_its_field(chosen: str, typed: str, problem: Problem) -> None:
    assert of(pause_7=chosen, until_7=typed).problems == {"until-7": problem}


def test_a_pause_ends_whatever_day_stands_beside() -> None:
    assert wanted(pause_7="end", until_7="2026-12-24") == Wanted(resume=True, measuring_wording="Ihr dürft zählen.")


def test_an_answer_counts_where_it_differs() -> None:
    assert wanted(was_measured_7="", measured_7="yes").measured is True
    assert wanted(was_measured_7="yes", measured_7="no").measured is False
    assert wanted(was_measured_7="no", measured_7="no").measured is None
    assert wanted(was_measured_7="yes").measured is None
    assert wanted(measured_7="maybe").measured is None


@given(st.text(max_size=12))
def test_no_text_at_all_breaks_the_reading_of_a_day(text: str) -> None:
    assert day_of(text) is None or isinstance(day_of(text), dt.date)
