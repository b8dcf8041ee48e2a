"""The evidence of one person as one printable HTML page: self-contained, for people who judge, not for programs.

    page = evidence_page.render(evidence_of(session, address, …), language="de", publisher="…", …)

It asks nobody for anything and runs nothing. On paper it is A4.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.i18n import LANGUAGES, translations
from newsletter.issues.models import Publication
from subscribers.models import ConsentKind, MailingList

TEMPLATE = "page.html"
_AGREED, _REFUSED = ConsentKind.MEASURING_AGREED.value, ConsentKind.MEASURING_REFUSED.value
_TAKEN_BACK = "measuring taken back"  # refused after having agreed


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for the newsletters of a site: name and imprint, and where the site and its privacy notice are."""

    name: str
    imprint: str
    public_url: str
    privacy_url: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, as the page tells it. `facts` and `marks` are (label, value).

    `quoted` are exact words, under the sentence that says whose they are; `erased` is true where the
    personal part is gone. `marks` are digests and other values for experts.
    """

    at: str
    title: str
    where: str
    facts: Sequence[tuple[str, str]]
    quoted: Sequence[tuple[str, str]]
    marks: Sequence[tuple[str, str]]
    is_mail: bool = False
    erased: bool = False


def render(evidence: Mapping[str, Any], *, language: str, publisher: Publisher, folders: Sequence[Path]) -> str:
    """Write the page; `language` is one of `LANGUAGES`, `folders` are those of `Settings.template_folders`."""
    words = _Words(language)
    environment = Environment(
        loader=FileSystemLoader([folder / "evidence" for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    return environment.get_template(TEMPLATE).render(
        language=language,
        evidence=evidence,
        publisher=publisher,
        made_on=words.moment(evidence["made_at"]),
        person=_person(evidence),
        subscriptions=[words.subscription(each) for each in evidence["subscriptions"]],
        events=[event for _, event in sorted(_events(evidence, words), key=lambda each: each[0])],
        seal=_seal(evidence, words),
    )


def publisher_of(session: Session, evidence: Mapping[str, Any], *, public_url: str, privacy_url: str) -> Publisher:
    """Who publishes on the person's lists: the oldest publication of the first list that has one."""
    slugs = [each["list"] for each in evidence["subscriptions"]]
    publications = (
        select(Publication)
        .join(MailingList, MailingList.id == Publication.list_id)
        .where(MailingList.slug.in_(slugs))
        .order_by(Publication.id)
    )
    found = session.scalar(publications.limit(1))
    if found is None:
        return Publisher("", "", public_url, privacy_url)
    return Publisher(found.sender_name or found.name, found.imprint.strip(), public_url, privacy_url)


def language_of(evidence: Mapping[str, Any]) -> str:
    """The language that the person was last spoken to in."""
    spoken = [record["wording"]["language"] for record in evidence["records"] if record["wording"]]
    return next((language for language in reversed(spoken) if language in LANGUAGES), LANGUAGES[0])


def _person(evidence: Mapping[str, Any]) -> str:
    """The name as it was last told."""
    for record in reversed(evidence["records"]):
        told = (record["evidence"] or {}).get("person", {})
        if told:
            return " ".join(told[name] for name in ("salutation", "title", "first_name", "last_name") if name in told)
    return ""


def _events(evidence: Mapping[str, Any], words: "_Words") -> Iterator[tuple[tuple[str, int], Event]]:
    names = {each["list"]: each["name"] for each in evidence["subscriptions"]}
    measured: dict[str, bool] = {}  # by list, as it was by then
    for record in evidence["records"]:
        kind = record["kind"]
        if kind == _REFUSED and measured.get(record["list"]):
            kind = _TAKEN_BACK
        if kind in {_AGREED, _REFUSED, _TAKEN_BACK}:
            measured[record["list"]] = kind == _AGREED
        told = {**record, "kind": kind, "list": names.get(record["list"], record["list"])}
        yield (record["at"], record["sequence"]), words.record(told, evidence["wordings"])
    for mail in evidence["mails"]:
        yield (mail["at"] or mail["queued_at"], len(evidence["records"]) if mail["at"] else 0), words.mail(mail)


def _seal(evidence: Mapping[str, Any], words: "_Words") -> dict[str, Any] | None:
    seal = evidence["seal"]
    return None if seal is None else {**seal, "at": words.moment(seal["at"])}


class _Words:
    """What a page says, in one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._ = translations(language).gettext

    def moment(self, iso: str) -> str:
        """A moment to the second, in UTC."""
        at = dt.datetime.fromisoformat(iso).astimezone(dt.UTC)
        day = format_date(at, format="long", locale=self._language)
        return f"{day}, {format_datetime(at, 'HH:mm:ss', locale=self._language)} UTC"

    def subscription(self, told: Mapping[str, Any]) -> dict[str, str]:
        """How the person stands to one list."""
        _ = self._
        states = {"pending": _("asked for, not confirmed"), "confirmed": _("confirmed"), "left": _("unsubscribed")}
        measuring = {"never asked": _("never asked"), "agreed": _("agreed"), "refused": _("not agreed")}
        return {
            "name": told["name"],
            "state": states.get(told["state"], told["state"]),
            "since": self.moment(told["since"]),
            "measuring": measuring[told["measuring"]],
        }

    def record(self, record: Mapping[str, Any], wordings: Mapping[str, str]) -> Event:
        """What a consent record tells; `wordings` are the exact words by their digest."""
        _ = self._
        wording = record["wording"]
        return Event(
            at=self.moment(record["at"]),
            title=self._title(record["kind"]),
            where=_("List “%(list)s”") % {"list": record["list"]},
            facts=[
                (_("By"), self._actor(record["actor"])),
                (_("Way"), self._source(record["source"])),
                *self._facts(record["evidence"] or {}),
            ],
            quoted=list(self._quoted(record, wordings)),
            marks=[
                (_("Record"), str(record["sequence"])),
                *([(_("Words, SHA-256"), wording["digest"])] if wording else []),
                (_("Commitment"), record["commitment"]),
                *([(_("Salt"), record["salt"])] if record["salt"] else []),
                (_("Previous record"), record["previous"] or "–"),
                (_("Digest"), record["digest"]),
            ],
            erased=record["evidence"] is None,
        )

    def mail(self, mail: Mapping[str, Any]) -> Event:
        """A mail that asked for the confirmation."""
        _ = self._
        sent = mail["state"] == "accepted"
        reply = f"{mail['code'] or ''} {mail['reply']}".strip()
        facts = [(_("From"), mail["sender"]), (_("Subject"), mail["subject"])]
        if mail["relay"]:
            facts.append((_("Mail server"), mail["relay"]))
        if reply:
            facts.append((_("Its answer"), reply))
        if not sent:
            facts.append((_("State"), mail["state"]))
        marks = [("Message-ID", mail["message_id"])]
        if mail["content_digest"]:
            marks.append((_("Message, SHA-256"), mail["content_digest"]))
        return Event(
            at=self.moment(mail["at"] or mail["queued_at"]),
            title=_("Confirmation mail sent") if sent else _("Confirmation mail not (yet) sent"),
            where="",
            facts=facts,
            quoted=[(_("Text of the mail; the personal link is left out:"), mail["text"])],
            marks=marks,
            is_mail=True,
        )

    def _title(self, kind: str) -> str:
        _ = self._
        titles = {
            "requested": _("Newsletter requested"),
            "confirmed": _("Confirmed by the button behind the link of the mail"),
            "imported with proof": _("Taken over with proof of an earlier consent"),
            "imported without proof": _("Taken over without proof; not confirmed"),
            "left": _("Unsubscribed"),
            _AGREED: _("Agreed to be measured"),
            _REFUSED: _("Did not agree to be measured"),
            _TAKEN_BACK: _("Took back the agreement to be measured"),
        }
        return titles.get(kind, kind)

    def _quoted(self, record: Mapping[str, Any], wordings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        _ = self._
        evidence = record["evidence"] or {}
        if record["wording"] and record["kind"].startswith("imported"):
            yield _("Words that were agreed to, or what shows it, as kept at the import:"), record["wording"]["text"]
        elif record["wording"]:
            yield _("Exact words shown beside the button or box:"), record["wording"]["text"]
        measuring = wordings.get(evidence.get("measuring", {}).get("wording", ""))
        if measuring:
            yield _("Exact words shown beside the box on measuring:"), measuring

    def _actor(self, actor: str) -> str:
        _ = self._
        known = {
            "reader": _("the person who used the page or the link"),
            "staff": _("staff"),
            "command line": _("staff, at the command line"),
            "worker": _("the system"),
        }
        return known.get(actor, actor)

    def _source(self, source: str) -> str:
        _ = self._
        known = {
            "sign-up page": _("sign-up page"),
            "page": _("sign-up page"),
            "embedded form": _("form on another site"),
            "form": _("form"),
            "confirmation mail": _("link of the confirmation mail"),
            "unsubscribe link": _("unsubscribe link"),
            "measuring page": _("page on measuring"),
            "sign-up": _("sign-up form, with the confirmation"),
            "import": _("import of a file"),
            "staff": _("entered by staff"),
        }
        return known.get(source, source)

    def _facts(self, evidence: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
        """The personal part, flat; what is empty is left out, but for an IP address that was not kept."""
        for name, value in evidence.items():
            label = f"{path} · {self._label(name)}" if path else self._label(name)
            if name == "measuring":
                yield label, self._("agreed") if value["agreed"] else self._("not agreed")
            elif isinstance(value, Mapping):
                yield from self._facts(value, "" if name == "person" else label)
            elif name == "ip" and value is None:
                yield label, self._("not kept, as set")
            elif value not in {None, ""}:
                yield label, str(value)

    def _label(self, name: str) -> str:
        _ = self._
        known = {
            "address": _("E-mail address"),
            "salutation": _("Salutation"),
            "title": _("Title"),
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "organisation": _("Organisation"),
            "region": _("Region"),
            "language": _("Language"),
            "ip": _("IP address"),
            "requested_by": _("Asked for by"),
            "entered_by": _("Entered by"),
            "measuring": _("Measuring"),
            "file": _("File"),
            "line": _("Line"),
            "row": _("Row"),
            "proof": _("Proof"),
            "sha256": "SHA-256",
            "consent": _("Earlier consent"),
            "at": _("Given on"),
            "source": _("Way"),
            "text": _("Words"),
        }
        return known.get(name, name)
