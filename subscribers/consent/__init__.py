"""Consent that can be proven: one append-only, sealed chain of records for each person.

    words = consent.keep_wording(session, "Ich möchte den Newsletter …", language="de", now=now)
    consent.append(session, subscriber.id, kind=ConsentKind.REQUESTED, wording=words, …)
    consent.verify(session, secret=secret).holds

`chain` is how records are sealed, `records` writes and reads them, `verification` finds every
break, `export` tells a person all of it.
"""

from subscribers.consent.export import export
from subscribers.consent.records import append, history, keep_wording
from subscribers.consent.verification import Break, BreakKind, Verification, verify

__all__ = ["Break", "BreakKind", "Verification", "append", "export", "history", "keep_wording", "verify"]
