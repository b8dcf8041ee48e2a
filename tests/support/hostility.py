"""What a hostile relay may be told: at which step, on which connection, to do what; pure values.

Rule(Step.RCPT, "452 4.2.2 full", to="b@example.org")
Rule(Step.FINAL_DOT, Fault.DROP, taken=True)  # accepts the message and dies before the reply
Chances(seed=7, of={Step.MAIL: 0.05, Step.FINAL_DOT: 0.02})
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Where a relay can misbehave; the name of a command stands for the reply to it."""

    CONNECT = "connect"  # before the greeting
    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"  # when the first octets of the message have come
    FINAL_DOT = "final dot"
    RSET = "RSET"


class Fault(StrEnum):
    """What it can do beside refusing; `Rule.taken` says what a final dot's fault means."""

    DROP = "drop the connection"
    SILENCE = "say nothing"
    HALF_LINE = "half a line and silence"
    GARBAGE = "garbage"
    ENDLESS = "an endless reply"
    TWICE = "two replies at once"  # the right reply, and the same again
    BYTEWISE = "a reply split byte by byte"  # the right reply


REFUSALS = (
    "421 4.3.2 going down",  # and hangs up
    "450 4.2.0 later",
    "451 4.3.0 local error",
    "452 4.2.2 full",
    "550 5.1.1 nobody",
    "550 5.7.1 not you",
    "552 5.2.2 over quota",
    "554 5.0.0 no",
)
ANSWERS: tuple[Fault | str, ...] = (*Fault, *REFUSALS)
RIGHT = {Fault.TWICE, Fault.BYTEWISE}
WITHOUT_REPLY = {Step.CONNECT, Step.BODY}  # nothing can be right where nothing is due


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer at a step: a `Fault`, or a refusal such as `550 5.7.1 not you`.

    `connection` counts from 1. The first `after` visits of the step pass. `taken`, for a fault at the final dot:
    the message was accepted all the same.
    """

    step: Step
    answer: Fault | str
    connection: int | None = None
    to: str | None = None
    after: int = 0
    times: int = 1
    taken: bool = False

    def __post_init__(self) -> None:
        if self.answer in RIGHT and self.step in WITHOUT_REPLY:
            raise ValueError(f"there is no reply at {self.step} that could be {self.answer}")
        if self.taken and (self.step is not Step.FINAL_DOT or not isinstance(self.answer, Fault)):
            raise ValueError("only a fault at the final dot leaves open whether the message was taken")

    def fits(self, step: Step, connection: int, to: str | None) -> bool:
        """Tell whether it is about this visit."""
        return self.step is step and self.connection in (None, connection) and self.to in (None, to)


@dataclass(frozen=True, slots=True)
class Chances:
    """Faults by chance: how likely one is at each step, and which there are.

    A message is taken in half of the faults that leave it open.
    """

    seed: int | str
    of: Mapping[Step, float]
    answers: Sequence[Fault | str] = ANSWERS

    def draw(self, step: Step, chance: random.Random) -> Rule | None:
        """Draw for one visit."""
        if chance.random() >= self.of.get(step, 0):
            return None
        fitting = [answer for answer in self.answers if not (answer in RIGHT and step in WITHOUT_REPLY)]
        answer = chance.choice(fitting)
        is_open = step is Step.FINAL_DOT and isinstance(answer, Fault)
        return Rule(step, answer, taken=is_open and chance.random() < 0.5)  # half and half


@dataclass(frozen=True, slots=True)
class Taken:
    """One message taken for one recipient."""

    recipient: str
    message_id: str
    connection: int


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault that a client met."""

    step: str
    answer: str
    taken: bool
    connection: int
