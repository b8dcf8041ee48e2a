"""The Message-ID of one recipient's copy: the same at each attempt, and nothing to guess from.

The same issue to the same person keeps its Message-ID in every mailing, so that a mail program
shows one copy where a relay delivered two.
"""

import base64
import hashlib
import hmac

from subscribers.secret import Secret

PURPOSE = "message-id"


def message_id(
    key: bytes,
    sender_domain: str,
    *,
    issue_id: int | None,
    subscriber_id: int | None,
    mailing_id: int,
    position: int,
) -> str:
    """Name a message by (issue, subscriber), or where one is missing by (mailing, position).

    `key` comes from `key_of`. Source of the form: RFC 5322, section 3.6.4.
    """
    if issue_id is not None and subscriber_id is not None:
        subject = f"issue:{issue_id}:{subscriber_id}"
    else:
        subject = f"mailing:{mailing_id}:{position}"
    digest = hmac.digest(key, subject.encode(), hashlib.sha256)[:15]
    return f"<{base64.b32encode(digest).decode().lower()}@{sender_domain}>"


def key_of(secret: Secret) -> bytes:
    """The key for `message_id`, derived once for many messages."""
    return secret.derive(PURPOSE)
