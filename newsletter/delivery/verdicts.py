"""What a reply means: for the relay, for the message as a whole, or for this recipient.

    >>> verdict_on(Reply(Step.RCPT, 550, "5.1.1", "no such user"))
    <Verdict.REJECTED: 'rejected'>
    >>> verdict_on(Reply(Step.FINAL_DOT, None, "", "connection lost"))
    <Verdict.UNKNOWN: 'unknown'>

Pure. Decides by step, code (RFC 5321) and enhanced code (RFC 3463) alone; the words of a reply
are for people.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from newsletter.content.characters import on_one_line
from newsletter.delivery import discretion

TEXT_LIMIT = 1000  # characters of a reply that are kept; a hostile relay may send megabytes


class Step(IntEnum):
    """How far a conversation had come; what fails before `FINAL_DOT` was certainly not sent."""

    CONNECT = 1
    GREETING = 2
    EHLO = 3
    STARTTLS = 4
    AUTH = 5
    MAIL = 6
    RCPT = 7
    DATA = 8
    BODY = 9  # writing the message, its final dot not yet
    FINAL_DOT = 10  # from the first octet of the final dot to the end of the reply

    @property
    def label(self) -> str:
        """The step in words for people."""
        return _LABELS[self]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back at a step. Without a reply (cut, timeout, no TLS) `code` is None and `text` says what happened.

    `enhanced` is such as `5.1.1`, empty where the relay gave none; `text` is without both codes. It is
    made fit to be kept, whatever the relay said: one line without control characters, and not endless.
    """

    step: Step
    code: int | None
    enhanced: str
    text: str

    def __post_init__(self) -> None:
        """Clean the text."""
        object.__setattr__(self, "text", on_one_line(self.text)[:TEXT_LIMIT])

    def about_nobody(self, recipient: str, *, sender: str) -> "Reply":
        """The same reply without whom it is about: the row of the ledger tells that, and can be erased.

        Before the recipient was named to the relay, it can speak of nobody.
        """
        if self.step < Step.RCPT:
            return self
        words = discretion.about_nobody(self.text, recipient, but=sender)
        return self if words == self.text else replace(self, text=words)

    @classmethod
    def parse(cls, step: Step, code: int, text: str) -> "Reply":
        """Take the enhanced code off the text; one of another class than the code is left in the words."""
        found = _ENHANCED.match(text)
        if found and int(found[1]) == code // 100:
            return cls(step, code, f"{found[1]}.{int(found[2])}.{int(found[3])}", text[found.end() :])
        return cls(step, code, "", text)

    @property
    def line(self) -> str:
        """The reply as a person knows it: `550 5.1.1 no such user`."""
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)


class Scope(Enum):
    """Whom a verdict is about."""

    RELAY = "relay"  # rows go back unharmed, the relay rests
    SENDER = "sender"  # sender or message: the mailing is paused, the reply shown
    RECIPIENT = "recipient"  # settles the row


class Verdict(Enum):
    """What to do; the values of those about a recipient are states of the ledger."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    RELAY_RESTS = "relay rests"
    MAILING_STOPS = "mailing stops"

    @property
    def scope(self) -> Scope:
        """Whom it is about."""
        return _SCOPES.get(self, Scope.RECIPIENT)


def verdict_on(reply: Reply) -> Verdict:
    """Judge a reply.

    Where the design is silent: a temporary refusal of the sender rests the relay instead of
    stopping the mailing, because time may heal it; 5.1.7 and 5.1.8 are about the sender at any
    step (relays that answer late give them to RCPT); 5.6.7 and 5.6.9 given to RCPT are about the
    one recipient whose address is not ASCII (RFC 6531, section 3.5).
    """
    if reply.code is None:
        return Verdict.UNKNOWN if reply.step is Step.FINAL_DOT else Verdict.RELAY_RESTS
    if reply.step <= Step.AUTH or reply.code == CLOSING:
        return Verdict.RELAY_RESTS
    match reply.code // 100:
        case 2 if reply.step is Step.FINAL_DOT:
            return Verdict.ACCEPTED
        case 4:
            return _on_temporary(reply)
        case 5:
            return _on_permanent(reply)
        case _:  # no answer to this command: the relay does not speak SMTP
            return Verdict.UNKNOWN if reply.step is Step.FINAL_DOT else Verdict.RELAY_RESTS


_LABELS = {
    Step.CONNECT: "connecting",
    Step.GREETING: "its greeting",
    Step.EHLO: "EHLO",
    Step.STARTTLS: "STARTTLS",
    Step.AUTH: "login",
    Step.MAIL: "the sender's address",
    Step.RCPT: "the recipient's address",
    Step.DATA: "DATA",
    Step.BODY: "the message",
    Step.FINAL_DOT: "the end of the message",
}
CLOSING = 421  # RFC 5321, section 3.8: may answer any command

_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?:\s+|$)")
_SCOPES = {Verdict.RELAY_RESTS: Scope.RELAY, Verdict.MAILING_STOPS: Scope.SENDER}
_SENDER_ADDRESS = {"1.7", "1.8"}
_NOT_FOR_THIS_ADDRESS = {"6.7", "6.9"}


def _on_temporary(reply: Reply) -> Verdict:
    detail = reply.enhanced[2:]
    if reply.step is Step.MAIL or detail.startswith("3.") or detail in _SENDER_ADDRESS:
        return Verdict.RELAY_RESTS
    return Verdict.DEFERRED


def _on_permanent(reply: Reply) -> Verdict:
    detail = reply.enhanced[2:]
    if reply.step is Step.MAIL or detail in _SENDER_ADDRESS:
        return Verdict.MAILING_STOPS
    if reply.step is Step.RCPT and detail in _NOT_FOR_THIS_ADDRESS:
        return Verdict.REJECTED
    if detail == "3.4" or detail.startswith(("6.", "7.")):
        return Verdict.MAILING_STOPS
    return Verdict.REJECTED
