"""The public pages of a small installation: one list, one publication, and clients to visit them."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from httpx import Response
from sqlalchemy import select

from newsletter.app import App
from newsletter.database import Database
from newsletter.delivery.models import Delivery
from newsletter.settings import Settings
from newsletter.web.application import create
from subscribers import people, subscribing, tokens
from subscribers.address import EmailAddress
from subscribers.models import ConsentRecord, MailingList, Subscription
from subscribers.orm import Base
from subscribers.people import Person
from tests.support.makers import BY, SECRET, a_list, a_publication

with warnings.catch_warnings():
    # The test client would rather have another HTTP library than the one the product uses.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

Client = TestClient
PUBLIC_URL = "https://news.example.org"
PUBLISHER = "Presse"


def an_app(database: Database, home: Path, **settings: object) -> App:
    """An installation on a migrated database, with the list `region` and a publication on it."""
    legal = {f"{name}_url": f"{PUBLIC_URL}/{name}" for name in ("imprint", "privacy", "accessibility")}
    values: dict[str, object] = {"home": home, "base_url": PUBLIC_URL, **legal, **settings}
    app = App(Settings.model_validate(values), database, SECRET)
    with app.writing() as session:
        a_publication(session, a_list(session))
    return app


def a_client(app: App, **headers: str) -> Client:
    """Somebody's browser; it shows errors as pages, as the server does."""
    return Client(create(app, beat_s=0), base_url=PUBLIC_URL, headers=headers, raise_server_exceptions=False)


def hidden_fields(page: str) -> dict[str, str]:
    """What the form of a page sends without being asked."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def sign_up(client: Client, email: str, path: str = "/lists/region", **fields: str) -> Response:
    """Open a form, fill it in and send it."""
    hidden = hidden_fields(client.get(path).text)
    answer: Response = client.post(path, data={**hidden, "email": email, **fields})
    return answer


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody on the list, with the tokens of their mails."""

    subscription_id: int
    confirm_token: str
    leave_token: str


def a_reader(app: App, address: str = "anna@posteo.de", *, confirmed: bool = False) -> Reader:
    """Somebody who asked for the list, and confirmed if said so."""
    now, parsed = app.now(), EmailAddress.parse(address)
    with app.writing() as session:
        mailing_list = session.scalars(select(MailingList)).one()
        due = subscribing.request(
            session,
            mailing_list,
            address=parsed,
            person=Person(),
            wording="Ja.",
            source="page",
            ip=None,
            secret=SECRET,
            by=BY,
            now=now,
        )
        assert isinstance(due, subscribing.ConfirmationDue)
        subscription = session.get_one(Subscription, due.subscription_id)
        if confirmed:
            subscribing.confirm(session, subscription, secret=SECRET, by=BY, now=now)
    return Reader(
        due.subscription_id,
        tokens.confirmation(SECRET, due.subscription_id, address_key=parsed.key, now=now),
        tokens.leave(SECRET, due.subscription_id),
    )


def state_of(app: App, address: str) -> str | None:
    """How an address stands to the list; None where nobody is known under it."""
    with app.reading() as session:
        found = people.find(session, EmailAddress.parse(address))
        if found is None:
            return None
        return session.scalars(select(Subscription.state).where(Subscription.subscriber_id == found.id)).one()


def mails_to(app: App, address: str) -> list[Delivery]:
    """The mails queued for an address, in order."""
    key = EmailAddress.parse(address).key
    with app.reading() as session:
        return list(
            session.scalars(
                select(Delivery).where(Delivery.address_key == key).order_by(Delivery.mailing_id, Delivery.position)
            )
        )


def records_of(app: App) -> list[ConsentRecord]:
    """All consent records, in order."""
    with app.reading() as session:
        return list(session.scalars(select(ConsentRecord).order_by(ConsentRecord.id)))


def dump(app: App) -> list[str]:
    """Everything the database holds, one line a row."""
    with app.reading() as session:
        return [
            f"{table.name} {tuple(row)}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table).order_by(*table.primary_key.columns))
        ]
