"""The form of the settings page: its fields' names, what it says, and what is wrong with it.

Each field is named for the subscription it is about, such as `on-7` or `topic-7-3`. Beside each choice stands what
was shown (`was-on-7`), and only what differs from it is wanted: a form that was left open, or is sent once
more, undoes nothing that was chosen meanwhile, and a POST without its fields wants nothing at all.
"""

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from newsletter.readers.preferring import ListChoices, Preferences, Wanted
from newsletter.web.forms import Form
from subscribers import pausing
from subscribers.errors import PauseInvalid
from subscribers.models import SubscriptionState

YES, NO = "yes", "no"
END, OWN = "end", "own"  # of a pause: at once, or on a day of one's own


class Problem(StrEnum):
    """What is wrong with a field."""

    NO_DAY = "no day"
    DAY_REFUSED = "day refused"
    NO_TOPIC = "no topic"


@dataclass(frozen=True, slots=True)
class Wordings:
    """What a page says beside the two things a reader can agree to, of one list."""

    receiving: str
    measuring: str


@dataclass(frozen=True, slots=True)
class ReadForm:
    """What a form wants, by subscription, and its problems, by the name of the field."""

    wanted: Mapping[int, Wanted]
    problems: Mapping[str, Problem]

    @property
    def mails(self) -> int:
        """How many mails would go out to ask whether the reader wants to come back."""
        return sum(each.on is True for each in self.wanted.values())


def read(form: Form, found: Preferences, wordings: Mapping[int, Wordings], *, now: dt.datetime) -> ReadForm:
    """Read what a form says about the lists of a reader; fields of other lists are not looked at."""
    wanted: dict[int, Wanted] = {}
    problems: dict[str, Problem] = {}
    for choices in found.lists:
        number = choices.subscription_id
        fields = _Fields(form, choices)
        on = fields.changed("on")
        if on is False or choices.state is not SubscriptionState.CONFIRMED:
            wanted[number] = Wanted(on=on, wording=wordings[number].receiving)
            continue
        until, resume, problem = fields.pause(now=now)
        if problem is not None:
            problems[f"until-{number}"] = problem
        topics = fields.topics()
        if topics is not None and not topics:
            problems[f"topics-{number}"] = Problem.NO_TOPIC
        wanted[number] = Wanted(
            topics=topics,
            pause=until,
            resume=resume,
            measured=fields.answer("measured"),
            measuring_wording=wordings[number].measuring,
        )
    return ReadForm(wanted, problems)


def day_of(text: str) -> dt.date | None:
    """A day as a browser sends it (2026-12-24), or as a person types it where the browser has no calendar."""
    if match := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", text):
        text = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    with suppress(ValueError):
        return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    return None


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one list."""

    form: Form
    choices: ListChoices

    def changed(self, name: str) -> bool | None:
        """What a box now says, where it was shown and says something else than it did."""
        was = self._text(f"was-{name}")
        now = self._text(name) == YES
        return None if was not in {YES, NO} or (was == YES) == now else now

    def answer(self, name: str) -> bool | None:
        """The answer to a question that was shown, where it is another than before."""
        answer = self._text(name)
        return None if answer not in {YES, NO} or answer == self._text(f"was-{name}") else answer == YES

    def topics(self) -> frozenset[int] | None:
        """The topics that are ticked, where they are not those that were."""
        number = self.choices.subscription_id
        shown = self._text("was-topics")
        if not shown:
            return None
        offered = [topic.topic_id for topic in self.choices.topics]
        ticked = frozenset(each for each in offered if self.form.text(f"topic-{number}-{each}") == YES)
        was = frozenset(each for each in offered if str(each) in shown.split(","))
        return None if ticked == was else ticked

    def pause(self, *, now: dt.datetime) -> tuple[dt.date | None, bool, Problem | None]:
        """Until when to pause, whether to end a pause, and what is wrong with the day."""
        chosen, own = self._text("pause"), self._text("until")
        if chosen == END:
            return None, True, None
        if chosen == OWN or (own and not chosen):  # a day was typed, and the button beside it forgotten
            chosen = own
        elif not chosen:
            return None, False, None
        day = day_of(chosen)
        if day is None:
            return None, False, Problem.NO_DAY
        try:
            pausing.check(day, now=now)
        except PauseInvalid:
            return None, False, Problem.DAY_REFUSED
        return day, False, None

    def _text(self, name: str) -> str:
        return self.form.text(f"{name}-{self.choices.subscription_id}", most=200)
