import pytest

from newsletter.app import App
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from subscribers import tokens
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.web import PUBLIC_URL, Client, a_reader, dump

pytestmark = on_sqlite


def a_mailing(app: App, kind: MailingKind = MailingKind.ISSUE) -> str:
    """A mailing whose mail greets by name and has a link to leave; the token of its page."""
    compiled = CompiledIssue(
        language="de",
        sender=Mailbox("Presse", "presse@example.org"),
        subject=("Neues",),
        html=(
            '<html lang="de"><title>Neues</title><p style="color:#123456">Guten Tag ',
            Slot('recipient.first_name or "liebe Leserin"'),
            '</p><a href="',
            Slot("links.unsubscribe"),
            '">Abmelden</a><a href="',
            Slot("links.preferences"),
            '">Einstellungen</a></html>',
        ),
        text=("Neues",),
    )
    with app.writing() as session:
        digest = compilations.store(session, compiled, now=app.now())
        made = Mailing(
            kind=kind.value, name="x", compiled=digest, due_at=app.now(), created_at=app.now(), created_by="x"
        )
        session.add(made)
        session.flush()
        return tokens.view(SECRET, made.id)


@pytest.mark.parametrize("kind", [MailingKind.ISSUE, MailingKind.TEST])
def test_everybody_sees_the_mail_without_anybodys_name_or_link(app: App, client: Client, kind: MailingKind) -> None:
    page = client.get(f"/view/{a_mailing(app, kind)}")

    assert page.status_code == 200
    assert "Guten Tag liebe Leserin</p>" in page.text
    assert f'<a href="{PUBLIC_URL}/leave">Abmelden</a>' in page.text
    assert f'<a href="{PUBLIC_URL}/preferences">Einstellungen</a>' in page.text


def test_the_page_may_show_its_styles_and_pictures_and_nothing_else(app: App, client: Client) -> None:
    headers = client.get(f"/view/{a_mailing(app)}").headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Cache-Control"] == "no-store"


def test_a_system_mail_has_no_page(app: App, client: Client) -> None:
    assert client.get(f"/view/{a_mailing(app, MailingKind.SYSTEM)}").status_code == 404


def test_a_forged_or_empty_token_shows_nothing(app: App, client: Client) -> None:
    token = a_mailing(app)
    leave = a_reader(app).leave_token

    answers = [client.get(f"/view/{t}") for t in (token[:-1], f"1{token}", leave, tokens.view(SECRET, 999), "x")]

    assert [answer.status_code for answer in answers] == [404] * 5


def test_looking_changes_nothing(app: App, client: Client) -> None:
    path = f"/view/{a_mailing(app)}"
    before = dump(app)

    client.get(path)
    client.head(path)

    assert dump(app) == before
