"""Consent that can be proven: one append-only, sealed chain of records for each person.

    words = consent.keep_wording(session, "Ich möchte den Newsletter …", language="de", now=now)
    consent.append(session, subscriber.id, kind=ConsentKind.REQUESTED, wording=words, …)
    consent.verify(session, secret=secret).holds

`chain` is how records are sealed, `records` writes and reads them. `sealing` keeps a seal over all
chains, so that a cut end or a missing chain is seen; `seals` is how one is made. `verification` finds
every break, `export` tells a person all of it.
"""

from subscribers.consent.breaks import Break, BreakKind, Tally
from subscribers.consent.export import export
from subscribers.consent.records import append, history, keep_wording
from subscribers.consent.verification import Verification, find_breaks, verify

__all__ = [
    "Break",
    "BreakKind",
    "Tally",
    "Verification",
    "append",
    "export",
    "find_breaks",
    "history",
    "keep_wording",
    "verify",
]
