"""Whom a line of a journal is about, also where numbers were given anew.

    who_of(7, mailing.created_at, "anna@example.org")

A database that was restored may give the number of a mailing that it has forgotten to another one, and a position to
another person, where the audience is frozen once more. So each line names its recipient by a hash of the mailing's
number, the moment it was made, and the address.
"""

import datetime as dt
import hashlib

OCTETS = 8  # among the recipients of one mailing no two are alike


def who_of(mailing_id: int, made_at: dt.datetime, address_key: str) -> str:
    """Name a recipient of a mailing; `address_key` is the normalised address."""
    mailing = f"{mailing_id} {made_at.timestamp():.6f}".encode("ascii")
    return hashlib.blake2b(address_key.encode(), key=mailing, digest_size=OCTETS).hexdigest()
