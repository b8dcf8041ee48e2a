"""A reader's choices: what the page behind an issue's settings link shows and changes.

    found = preferring.preferences_of(session, token, secret=secret, now=now)
    preferring.change(session, token, {7: Wanted(pause=date)}, secret=secret, by=by, now=now)

The link never expires and is in every issue, so whoever an issue was forwarded to has it. So it shows the lists and
what was chosen there, the address masked, and nothing of the person; and all that it does can be undone: who was
taken off a list, paused or measured is told by mail, and who comes back to a list is asked by mail, as after any
sign-up.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.readers import noticing, signing_up, undoing
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.saved import Outcome, Saved, name_in
from subscribers import audit, measuring, pausing, subscribing, tokens, topics
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.address import EmailAddress, masked
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, Topic
from subscribers.orm import current
from subscribers.people import Person
from subscribers.secret import Secret

SOURCE = "settings page"


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """One topic of a list, its names by language, and whether the reader gets it."""

    topic_id: int
    names: Mapping[str, str]
    chosen: bool

    def name(self, language: str) -> str:
        """Its name in a language, else in the first it has."""
        return name_in(self.names, language)


@dataclass(frozen=True, slots=True)
class ListChoices:
    """How a reader stands to one list.

    `publisher` is who its readers see as the sender; empty where nobody publishes on it, and then nobody can come
    back. `paused_until` is the day from which mail goes out again, `measured` None while never asked. `may_agree`
    is true where the list asks whether its readers may be measured.
    """

    subscription_id: int
    name: str
    slug: str
    publisher: str
    state: SubscriptionState
    topics: tuple[TopicChoice, ...]
    paused_until: dt.date | None
    measured: bool | None
    may_agree: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """All lists a reader is or was on, the one of the link first; `mailbox` is for rate limits, never shown.

    In a test mail (`test`), and where the person was erased (`gone`), there are none.
    """

    subscription_id: int = 0
    language: str = ""
    masked_address: str = ""
    mailbox: str = ""
    lists: tuple[ListChoices, ...] = ()
    test: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants to be different about one list; None, and False of `resume`, leave it as it is.

    `wording` is the text shown beside what was agreed to: coming back, or being measured.
    """

    on: bool | None = None
    topics: frozenset[int] | None = None
    pause: dt.date | None = None
    resume: bool = False
    measured: bool | None = None
    wording: str = ""
    measuring_wording: str = ""


def preferences_of(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> Preferences:
    """Tell what a reader chose; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
    """
    read = tokens.read_preferences(secret, token)
    if read.subscription_id is None:
        return Preferences(test=True)
    subscription = session.get(Subscription, read.subscription_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id) if subscription is not None else None
    if subscription is None or subscriber is None or subscriber.erased_at is not None:
        return Preferences(gone=True)
    mine = sorted(_subscriptions(session, subscriber), key=lambda each: each.id != subscription.id)
    return Preferences(
        subscription_id=subscription.id,
        language=subscriber.language or session.get_one(MailingList, subscription.list_id).language,
        masked_address=masked(subscriber.address),
        mailbox=subscriber.address_key,
        lists=tuple(_choices(session, each, now=now) for each in mine),
    )


def change(
    session: Session,
    token: str,
    wanted: Mapping[int, Wanted],
    *,
    language: str,
    page_language: str,
    ip: str | None,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> tuple[Saved, ...]:
    """Save what is wanted, by subscription; what is as wanted already stays, so that doing it twice is doing it once.

    `language` is the one the reader wants to be written in, empty to leave it; `page_language` the one of the
    wordings, which were on the page. Subscriptions that are not the reader's are passed over. Of the lists that were
    left one mail tells, by which that is taken back; of pauses and agreements to be measured another. Gives what is
    different now, in the order of the lists.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
        PauseInvalid: a pause cannot end then. The caller, who has seen that it can, must not commit.
        ChangedTooOften: as `noticing.tell`. The caller must not commit.
    """
    by.require(CHANGE_OWN_CHOICES)
    read = tokens.read_preferences(secret, token)
    named = None if read.subscription_id is None else session.get(Subscription, read.subscription_id)
    subscriber = None if named is None else current(session, Subscriber, named.subscriber_id)
    if named is None or subscriber is None or subscriber.erased_at is not None:
        return ()
    before = subscriber.language or session.get_one(MailingList, named.list_id).language
    if language and language != subscriber.language:
        subscriber.language = language
        audit.record(session, "subscriber.language", f"subscriber:{subscriber.id}", by=by, now=now, language=language)
    saved: list[Saved] = []
    ended: list[Subscription] = []
    for each in _subscriptions(session, subscriber):
        if each.id in wanted:
            shown = _Shown(wanted[each.id], page_language, ip)
            told = _Act(session, subscriber, each, shown, secret=secret, by=by, now=now).saved()
            saved += told
            ended += [each for one in told if one.outcome is Outcome.LEFT]
    if ended:
        undoing.offer(session, ended, via=named, secret=secret, by=by, now=now)
    spoken = language if language != before else ""
    noticing.tell(session, saved, via=named, language=before, spoken=spoken, by=by, now=now)
    return tuple(saved)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is wanted, on a page of which language, and what may be kept of where it was wanted from."""

    wanted: Wanted
    language: str
    ip: str | None


class _Act:
    """Bringing one list to what is wanted of it."""

    def __init__(
        self,
        session: Session,
        subscriber: Subscriber,
        subscription: Subscription,
        shown: _Shown,
        *,
        secret: Secret,
        by: Actor,
        now: dt.datetime,
    ) -> None:
        self._session = session
        self._subscriber = subscriber
        self._subscription = current(session, Subscription, subscription.id) or subscription
        self._list = session.get_one(MailingList, subscription.list_id)
        self._shown, self._wanted = shown, shown.wanted
        self._secret, self._by, self._now = secret, by, now

    def saved(self) -> list[Saved]:
        """Do it, and tell what is different."""
        is_on = self._subscription.state == SubscriptionState.CONFIRMED.value
        if is_on and self._wanted.on is False:
            return [self._leave()]
        if not is_on:
            return self._come_back() if self._wanted.on else []
        return [*self._choose(), *self._pause(), *self._measure()]

    def _leave(self) -> Saved:
        subscribing.leave(
            self._session, self._subscription, source=SOURCE, secret=self._secret, by=self._by, now=self._now
        )
        return self._told(Outcome.LEFT)

    def _come_back(self) -> list[Saved]:
        """Ask by mail, as after a sign-up; the answer is the same where one went out a moment ago."""
        try:
            signing_up.sign_up(
                self._session,
                self._list,
                address=EmailAddress.parse(self._subscriber.address),
                person=Person(language=self._subscriber.language),
                wording=self._wanted.wording,
                source=SOURCE,
                ip=self._shown.ip,
                secret=self._secret,
                by=self._by,
                now=self._now,
            )
        except ListNotOpen:
            return []
        return [self._told(Outcome.ASKED)]

    def _choose(self) -> list[Saved]:
        wanted = self._wanted.topics
        offered = topics.of_list(self._session, self._list)
        every = frozenset(topic.id for topic in offered)
        if wanted is None or not wanted & every:
            return []
        before = topics.chosen(self._session, self._subscription)
        if wanted & every == (every if before is None else before & every):
            return []
        # Whoever wants all of them wants those to come, too, as who never chose.
        ids = None if wanted >= every else wanted & every
        topics.choose(self._session, self._subscription, ids, by=self._by, now=self._now)
        return [self._told(Outcome.TOPICS, names=tuple(topic.names for topic in offered if topic.id in wanted))]

    def _pause(self) -> list[Saved]:
        before = pausing.paused_until(self._subscription, now=self._now)
        until = self._wanted.pause
        if until is not None and until != before:
            pausing.pause(self._session, self._subscription, until=until, by=self._by, now=self._now)
            return [self._told(Outcome.PAUSED, until=until)]
        if self._wanted.resume and before is not None:
            pausing.resume(self._session, self._subscription, by=self._by, now=self._now)
            return [self._told(Outcome.RESUMED)]
        return []

    def _measure(self) -> list[Saved]:
        wanted = self._wanted.measured
        if wanted is None or wanted == self._subscription.measured or (wanted and not self._list.asks_measuring):
            return []
        if wanted:
            measuring.agree(
                self._session,
                self._subscription,
                wording=self._wanted.measuring_wording,
                language=self._shown.language,
                source=SOURCE,
                secret=self._secret,
                by=self._by,
                now=self._now,
                ip=self._shown.ip,
            )
        else:
            measuring.refuse(
                self._session,
                self._subscription,
                source=SOURCE,
                secret=self._secret,
                by=self._by,
                now=self._now,
                ip=self._shown.ip,
            )
        return [self._told(Outcome.MEASURED if wanted else Outcome.NOT_MEASURED)]

    def _told(
        self, outcome: Outcome, *, until: dt.date | None = None, names: tuple[Mapping[str, str], ...] = ()
    ) -> Saved:
        return Saved(self._list.name, outcome, until, names)


def _subscriptions(session: Session, subscriber: Subscriber) -> tuple[Subscription, ...]:
    """Everything a person is or was on, in the order in which rows are locked."""
    mine = select(Subscription).where(Subscription.subscriber_id == subscriber.id).order_by(Subscription.id)
    return tuple(session.scalars(mine))


def _choices(session: Session, subscription: Subscription, *, now: dt.datetime) -> ListChoices:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    chosen = topics.chosen(session, subscription)
    publisher = _publisher(session, mailing_list)
    return ListChoices(
        subscription_id=subscription.id,
        name=mailing_list.name,
        slug=mailing_list.slug,
        publisher=publisher,
        state=SubscriptionState(subscription.state),
        topics=tuple(_topic(topic, chosen) for topic in topics.of_list(session, mailing_list)),
        paused_until=pausing.paused_until(subscription, now=now),
        measured=subscription.measured,
        may_agree=mailing_list.asks_measuring and bool(publisher),
    )


def _topic(topic: Topic, chosen: frozenset[int] | None) -> TopicChoice:
    return TopicChoice(topic.id, topic.names, chosen=chosen is None or topic.id in chosen)


def _publisher(session: Session, mailing_list: MailingList) -> str:
    try:
        publication = signing_up.publication_of(session, mailing_list)
    except ListNotOpen:
        return ""
    return publication.sender_name or publication.name
