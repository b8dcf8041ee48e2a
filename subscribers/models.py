"""The tables of the people: lists, subscribers, subscriptions, consent, suppression."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.errors import WrongMove
from subscribers.orm import READER, STAFF, Base


class SubscriptionState(StrEnum):
    """How a person stands to a list."""

    PENDING = "pending"  # asked for, or imported without proof: nobody is mailed
    CONFIRMED = "confirmed"  # agreed, with proof
    LEFT = "left"


MOVES: dict[SubscriptionState, frozenset[SubscriptionState]] = {
    SubscriptionState.PENDING: frozenset({SubscriptionState.CONFIRMED, SubscriptionState.LEFT}),
    SubscriptionState.CONFIRMED: frozenset({SubscriptionState.LEFT}),
    # Whoever left may ask again, and has to confirm again.
    SubscriptionState.LEFT: frozenset({SubscriptionState.PENDING}),
}


class ConsentKind(StrEnum):
    """What a consent record tells."""

    REQUESTED = "requested"  # somebody asked for the list under this address
    CONFIRMED = "confirmed"  # the confirmation was pressed
    IMPORTED_WITH_PROOF = "imported with proof"  # an earlier consent, its proof kept as evidence
    IMPORTED_WITHOUT_PROOF = "imported without proof"
    LEFT = "left"
    ADDRESS_CHANGED = "address changed"  # by the reader, who pressed a button in a mail to the new address
    LEAVING_UNDONE = "leaving undone"  # by the address's owner, soon after; what was agreed before goes on
    MEASURING_AGREED = "measuring agreed"  # the person may be measured, from now on
    MEASURING_REFUSED = "measuring refused"  # asked and refused, or withdrawn; holds for mails delivered too


# After one of these, and until somebody leaves, the person agrees to get the list.
AGREEING = frozenset({ConsentKind.CONFIRMED, ConsentKind.IMPORTED_WITH_PROOF, ConsentKind.LEAVING_UNDONE})


class SuppressionReason(StrEnum):
    """Why an address is not mailed."""

    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"
    ERASED = "erased"


class Errand(StrEnum):
    """What a reader may do with all that is kept of them, each behind a fresh link, mailed, that counts an hour."""

    DOWNLOAD = "download"
    ERASE = "erase"
    CHANGE_ADDRESS = "change-address"
    NEW_ADDRESS = "new-address"  # the second half of a change, mailed to the address that is to be


class MailingList(Base):
    """A list people subscribe to; `form` is what its sign-up form asks, as `form_fields` reads it.

    Only where it `asks_measuring` is anybody asked whether they may be measured.
    """

    __tablename__ = "mailing_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(5))
    form: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime]
    asks_measuring: Mapped[bool] = mapped_column(default=False)


class Topic(Base):
    """A subject inside a list, which its readers can choose; `names` by language, such as `{"de": "Kultur"}`."""

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("list_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    slug: Mapped[str] = mapped_column(String(60))
    names: Mapped[dict[str, Any]]
    position: Mapped[int]


class Subscriber(Base):
    """An address with a person behind it.

    `address` is as the person wrote it; `address_key` is the normalised form that makes two
    spellings one person. `provider` groups addresses by who runs the mailbox, for pacing.
    `suppression_key` is the keyed hash of `address_key` (`suppression.key_of`), kept so that SQL can
    leave out who is suppressed.
    """

    __tablename__ = "subscriber"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), info=READER)
    address_key: Mapped[str] = mapped_column(String(320), unique=True, info=READER)
    suppression_key: Mapped[str] = mapped_column(String(64), info=READER)
    provider: Mapped[str] = mapped_column(String(20), info=READER)
    salutation: Mapped[str] = mapped_column(String(40), default="", info=READER)
    title: Mapped[str] = mapped_column(String(60), default="", info=READER)
    first_name: Mapped[str] = mapped_column(String(120), default="", info=READER)
    last_name: Mapped[str] = mapped_column(String(120), default="", info=READER)
    organisation: Mapped[str] = mapped_column(String(200), default="", info=READER)
    region: Mapped[str] = mapped_column(String(120), default="", info=READER)
    language: Mapped[str] = mapped_column(String(5), default="", info=READER)
    created_at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]


class Subscription(Base):
    """One person's relation to one list.

    `confirmation_sent_at` is when a confirmation mail was last due. `measured` is None while never
    asked, else what the person chose. Until `topics_chosen` the person gets every topic of the list,
    after it those of `SubscriptionTopic` alone. Before `paused_until` nothing is sent to the list's reader.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "list_id"),
        CheckConstraint("state IN ('pending', 'confirmed', 'left')", name="state"),
        Index("ix_subscription_list_id_state_subscriber_id", "list_id", "state", "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    state: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    confirmation_sent_at: Mapped[dt.datetime | None]
    measured: Mapped[bool | None] = mapped_column(info=READER)
    topics_chosen: Mapped[bool] = mapped_column(default=False, info=READER)
    paused_until: Mapped[dt.datetime | None] = mapped_column(info=READER)

    def move(self, wanted: SubscriptionState, *, now: dt.datetime) -> None:
        """Take the subscription to another state.

        Raises:
            WrongMove: the move is not one of `MOVES`; the subscription stays as it was.
        """
        if wanted not in MOVES[SubscriptionState(self.state)]:
            raise WrongMove(self.id, self.state, wanted.value)
        self.state = wanted.value
        self.changed_at = now

    def undo_leaving(self, *, now: dt.datetime) -> None:
        """Be confirmed again, as before the person left; whether that may be is `subscribers.leaving`'s to judge.

        Raises:
            WrongMove: it is confirmed.
        """
        if self.state == SubscriptionState.CONFIRMED.value:
            raise WrongMove(self.id, self.state, SubscriptionState.CONFIRMED.value)
        self.state = SubscriptionState.CONFIRMED.value
        self.changed_at = now


class SubscriptionTopic(Base):
    """One topic that a reader of a list chose."""

    __tablename__ = "subscription_topic"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True, info=READER)


class ErrandState(Base):
    """Which link to one errand of a person counts: the one of this number, mailed at `asked_at`, and none before it.

    `address` is where a person wants their mail from now on, in `Errand.NEW_ADDRESS` alone, until they say so there.
    """

    __tablename__ = "errand"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"), primary_key=True)
    errand: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]
    asked_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(String(320), default="", info=READER)


class Wording(Base):
    """The exact words a person was shown, kept once by their hash (SHA-256, hexadecimal)."""

    __tablename__ = "wording"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str] = mapped_column(String(5))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]


class ListWording(Base):
    """One version of the words a list's form shows in one language, in place of the shipped ones.

    `text` may name `%(list)s` and `%(publisher)s`; the words as shown, names filled in, are a `Wording`.
    The version in force has no `until`.
    """

    __tablename__ = "list_wording"
    __table_args__ = (
        Index(
            "uq_list_wording_in_force",
            "list_id",
            "language",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    language: Mapped[str] = mapped_column(String(5))
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    made_by: Mapped[str] = mapped_column(String(320), info=STAFF)
    ended_by: Mapped[str] = mapped_column(String(320), default="", info=STAFF)


class ConsentRecord(Base):
    """One link of a person's consent chain; append-only, by trigger.

    `actor` is a kind of actor; who it was stands in the evidence, which can be erased.

    `commitment` is a salted hash of the evidence, so that the personal part can be erased and
    the chain still verifies; `digest` is the HMAC over this record and the one before.
    """

    __tablename__ = "consent_record"
    __table_args__ = (UniqueConstraint("subscriber_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"))
    sequence: Mapped[int]
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    kind: Mapped[str] = mapped_column(String(30))
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40))
    wording: Mapped[str | None] = mapped_column(ForeignKey("wording.digest"))
    commitment: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class ConsentEvidence(Base):
    """The personal part of a consent record: address, name, IP, proof, and the salt of its commitment."""

    __tablename__ = "consent_evidence"

    record_id: Mapped[int] = mapped_column(ForeignKey("consent_record.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16), info=READER)
    data: Mapped[dict[str, Any]] = mapped_column(info=READER)


class Suppression(Base):
    """An address that is not mailed, known only by its keyed hash.

    A lifted one is deleted; the audit log keeps that it was.
    """

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("address_hash", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[dt.datetime]
    note: Mapped[str] = mapped_column(Text, default="", info=READER)
