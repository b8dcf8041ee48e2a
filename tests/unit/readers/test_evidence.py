import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery
from newsletter.readers import confirming, evidence_page, signing_up
from newsletter.readers.evidence import evidence_of
from newsletter.readers.evidence_page import Publisher
from newsletter.settings import templates_folder
from subscribers import measuring, subscribing
from subscribers.address import EmailAddress
from subscribers.measuring import Choice
from subscribers.models import MailingList, Subscription
from subscribers.people import Person
from tests.support import tampering
from tests.support.makers import a_publication
from tests.support.people import NOW, SECRET, STAFF, VISITOR, WORDING, a_list, a_subscription

ANNA = EmailAddress.parse("anna@example.org")
MEASURING = "Die Presse darf messen, was ich öffne."
PUBLISHER = Publisher("Presse", "Region GmbH\nHafenstraße 4", "https://news.example.org", "https://example.org/privacy")
SENT = NOW + dt.timedelta(seconds=4)


@pytest.fixture
def news(session: Session) -> MailingList:
    made = a_list(session)
    a_publication(session, made)
    return made


@pytest.fixture
def anna(session: Session, news: MailingList) -> Subscription:
    """Anna signed up, got the mail, confirmed, agreed to be measured, and took that back."""
    signing_up.sign_up(
        session,
        news,
        address=ANNA,
        person=Person(salutation="Frau", first_name="Anna", last_name="<b>Schmidt</b>"),
        wording=WORDING,
        source="sign-up page",
        ip="192.0.2.0/24",
        secret=SECRET,
        by=VISITOR,
        now=NOW,
        measured=Choice(MEASURING, agreed=True),
    )
    session.flush()
    delivery = session.scalars(select(Delivery)).one()
    delivery.state, delivery.at, delivery.relay = "accepted", SENT, "smtp.example.org:587"
    delivery.code, delivery.reply, delivery.content_digest = 250, "2.0.0 Ok: queued as 4XyZ", "ab" * 32
    shown = hashlib.sha256(MEASURING.encode()).hexdigest()
    later = NOW + dt.timedelta(minutes=7)
    token = delivery.fields["confirm_token"]
    confirming.confirm(session, token, secret=SECRET, by=VISITOR, now=later, shown=shown)
    subscription = session.scalars(select(Subscription)).one()
    measuring.refuse(session, subscription, source="measuring page", secret=SECRET, by=VISITOR, now=later)
    session.flush()
    return subscription


def evidence(session: Session, address: EmailAddress = ANNA) -> dict[str, Any]:
    session.expire_all()
    return evidence_of(session, address, secret=SECRET, by=STAFF, now=NOW + dt.timedelta(days=1))


def page(told: Mapping[str, Any], language: str = "de") -> str:
    return evidence_page.render(told, language=language, publisher=PUBLISHER, folders=(templates_folder(),))


@pytest.mark.usefixtures("anna")
def test_the_mail_that_asked_is_part_of_the_proof(session: Session) -> None:
    (mail,) = evidence(session)["mails"]

    assert (mail["name"], mail["state"], mail["at"]) == ("confirmation", "accepted", "2026-11-23T10:00:04+00:00")
    assert re.fullmatch(r"<[a-z2-7]{24}@example\.org>", mail["message_id"])
    assert (mail["relay"], mail["code"], mail["reply"]) == ("smtp.example.org:587", 250, "2.0.0 Ok: queued as 4XyZ")
    assert mail["subject"] == "Bitte bestätigen Sie: Presse-Newsletter"
    assert "Diese E-Mail-Adresse wurde eingetragen" in mail["text"]


@pytest.mark.usefixtures("anna")
def test_the_evidence_holds_no_link_that_confirms(session: Session) -> None:
    token = session.scalars(select(Delivery)).one().fields["confirm_token"]
    told = evidence(session)

    assert token not in json.dumps(told)
    assert token not in page(told)
    assert "[…]" in told["mails"][0]["text"]


@pytest.mark.usefixtures("anna")
def test_the_evidence_tells_that_all_of_it_was_checked(session: Session) -> None:
    assert evidence(session)["verified"] == {"holds": True, "records": 4, "breaks": []}


@pytest.mark.usefixtures("anna")
def test_the_evidence_is_json(session: Session) -> None:
    told = evidence(session)

    assert json.loads(json.dumps(told)) == told
    assert told["subscriptions"][0]["measuring"] == "refused"
    assert told["made_at"] == "2026-11-24T10:00:00+00:00"


@pytest.mark.usefixtures("anna")
def test_the_newest_seal_is_named_to_be_checked_by(session: Session) -> None:
    assert evidence(session)["seal"] is None
    assert "Noch hält kein Siegel diese Einträge fest" in page(evidence(session))

    made = tampering.seal(session)

    told = evidence(session)
    assert told["seal"] == {"number": 1, "at": "2026-11-23T10:00:00+00:00", "digest": made.digest}
    assert f"newsletter consent verify --seal {made.digest}" in page(told)


def test_what_was_cut_off_is_told_on_the_page(session: Session, anna: Subscription) -> None:
    tampering.seal(session)
    tampering.open_up(session)
    session.execute(text("DELETE FROM consent_evidence WHERE record_id = 4"))
    session.execute(text("DELETE FROM consent_record WHERE sequence = 4"))

    told = evidence(session)

    sentence = (
        f"Subscriber {anna.subscriber_id}, record 4: it is missing, and so is all that followed; seal 1 holds it."
    )
    assert told["verified"] == {"holds": False, "records": 3, "breaks": [sentence]}
    assert sentence in page(told)
    assert "Die Aufzeichnungen wurden verändert, oder es fehlen welche." in page(told)


@pytest.mark.usefixtures("anna")
def test_damage_of_others_is_not_told_of_a_person(session: Session) -> None:
    news = session.scalars(select(MailingList)).one()
    a_subscription(session, news, "bert@example.org")
    tampering.open_up(session)
    session.execute(text("UPDATE consent_record SET source = 'x' WHERE subscriber_id = 2"))

    assert evidence(session)["verified"]["holds"]
    assert not evidence(session, EmailAddress.parse("bert@example.org"))["verified"]["holds"]


@pytest.mark.usefixtures("anna")
def test_the_page_tells_everything_in_order(session: Session) -> None:
    shown = page(evidence(session))

    titles = re.findall(r"<h3>(.*?)</h3>", shown)
    assert titles == [
        "Newsletter angefordert",
        "Bestätigungsmail versendet",
        "Bestätigt durch den Knopf hinter dem Link der Mail",
        "Der Messung zugestimmt",
        "Die Zustimmung zur Messung zurückgenommen",
    ]
    assert "23. November 2026, 10:00:04 UTC" in shown
    assert f"<blockquote>{WORDING}</blockquote>" in shown
    assert shown.count(f"<blockquote>{MEASURING}</blockquote>") == 2
    assert "192.0.2.0/24" in shown


@pytest.mark.usefixtures("anna")
def test_the_page_is_there_in_english(session: Session) -> None:
    shown = page(evidence(session), "en")

    assert '<html lang="en"' in shown
    assert "Newsletter requested" in shown
    assert "November 23, 2026, 10:00:04 UTC" in shown
    assert not re.search(
        "[äöüß„]", re.sub("<blockquote>.*?</blockquote>|<dd>.*?</dd>|<p>.*?</p>", "", shown, flags=re.DOTALL)
    )


@pytest.mark.usefixtures("anna")
def test_what_people_typed_stays_text(session: Session) -> None:
    shown = page(evidence(session))

    assert "<b>Schmidt" not in shown
    assert "&lt;b&gt;Schmidt&lt;/b&gt;" in shown


@pytest.mark.usefixtures("anna")
def test_the_page_asks_nobody_and_runs_nothing(session: Session) -> None:
    shown = page(evidence(session))

    assert "default-src 'none'; style-src 'unsafe-inline'" in shown
    assert not re.search(r"<script|<link|src=|url\(|@import|href=", shown)


@pytest.mark.usefixtures("anna")
def test_erased_evidence_leaves_a_page_that_says_so(session: Session) -> None:
    tampering.open_up(session)
    session.execute(text("DELETE FROM consent_evidence"))

    told = evidence(session)

    assert told["verified"]["holds"]
    assert "192.0.2.0" not in page(told)
    assert page(told).count("Der persönliche Teil dieses Eintrags wurde gelöscht.") == 4


def test_a_mail_that_did_not_go_out_is_not_told_as_sent(session: Session, news: MailingList) -> None:
    signing_up.sign_up(
        session,
        news,
        address=ANNA,
        person=Person(),
        wording=WORDING,
        source="page",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=NOW,
    )
    session.flush()

    shown = page(evidence(session))

    assert "Bestätigungsmail (noch) nicht versendet" in shown
    assert "laut Einstellung nicht gespeichert" in shown


def test_every_kind_of_record_has_words(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    subscribing.leave(session, subscription, source="unsubscribe link", secret=SECRET, by=VISITOR, now=NOW)
    session.flush()
    told = evidence(session)
    kinds = ["requested", "confirmed", "left", "imported with proof", "imported without proof", "measuring refused"]
    record = told["records"][0]
    told["records"] = [{**record, "kind": kind, "sequence": place} for place, kind in enumerate(kinds, 1)]

    titles = re.findall(r"<h3>(.*?)</h3>", page(told))

    assert titles == [
        "Newsletter angefordert",
        "Bestätigt durch den Knopf hinter dem Link der Mail",
        "Abgemeldet",
        "Übernommen mit Nachweis einer früheren Einwilligung",
        "Übernommen ohne Nachweis; nicht bestätigt",
        "Der Messung nicht zugestimmt",
    ]


def test_the_page_speaks_the_language_the_person_was_spoken_to_in(session: Session, news: MailingList) -> None:
    a_subscription(session, news)
    told = evidence(session)

    assert evidence_page.language_of(told) == "de"
    told["records"][0]["wording"]["language"] = "en"
    assert evidence_page.language_of(told) == "en"
    told["records"][0]["wording"] = None
    assert evidence_page.language_of(told) == "de"


def test_the_publisher_is_who_publishes_on_the_persons_lists(session: Session, news: MailingList) -> None:
    a_subscription(session, news)
    told = evidence(session)

    found = evidence_page.publisher_of(session, told, public_url="https://a.example", privacy_url="")

    assert found == Publisher("Presse", "Region GmbH\nHafenstraße 4, 04999 Weidenfurt", "https://a.example", "")
    told["subscriptions"] = []
    assert evidence_page.publisher_of(session, told, public_url="https://a.example", privacy_url="").name == ""
