"""What holds for every answer of the application."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from newsletter.app import App
from newsletter.database import Database
from newsletter.issues.models import Publication
from newsletter.readers import leaving
from subscribers.models import MailingList
from tests.support.kinds import on_sqlite
from tests.support.web import Client, a_client, a_reader, an_app, dump, sign_up

pytestmark = on_sqlite

PAGES = ["/lists/region", "/lists/region/embed", "/confirm/x", "/leave/x", "/leave", "/view/x", "/nowhere", "/healthz"]
PAGES[-2:-2] = ["/preferences", "/preferences/x", "/my-data/erase/x", "/my-data/x/x"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_for_a_script_or_anything_from_elsewhere(client: Client, path: str) -> None:
    text = client.get(path).text

    assert "<script" not in text
    assert " style=" not in text
    assert 'src="http' not in text
    assert 'rel="stylesheet" href="http' not in text


def test_markup_in_the_names_of_list_and_sender_is_shown_as_text(app: App, client: Client) -> None:
    reader = a_reader(app)
    with app.writing() as session:
        session.execute(update(MailingList).values(name='"><script>alert(1)</script>'))
        session.execute(update(Publication).values(sender_name="'><script>alert(2)</script>"))

    pages = [
        client.get("/lists/region"),
        client.get("/lists/region/embed"),
        sign_up(client, "bernd@posteo.de"),
        client.get(f"/confirm/{reader.confirm_token}"),
        client.post(f"/confirm/{reader.confirm_token}", data={"confirm": "yes"}),
        client.get(f"/leave/{reader.leave_token}"),
        client.post(f"/leave/{reader.leave_token}", data={"leave": "yes"}),
    ]

    assert {page.status_code for page in pages} == {200}
    assert all("alert(1)" in page.text and "<script" not in page.text for page in pages)


@pytest.mark.parametrize("path", ["/confirm/x", "/leave/x", "/leave", "/view/x", "/lists/region/embed"])
def test_pages_with_a_token_are_not_for_search_engines(app: App, client: Client, path: str) -> None:
    reader = a_reader(app)
    path = path.replace("/confirm/x", f"/confirm/{reader.confirm_token}").replace(
        "/leave/x", f"/leave/{reader.leave_token}"
    )

    answer = client.get(path)

    assert answer.status_code == 404 or answer.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("path", PAGES[:-1])
def test_every_page_links_imprint_privacy_and_accessibility(client: Client, path: str) -> None:
    text = client.get(path).text

    for name, label in (("imprint", "Impressum"), ("privacy", "Datenschutz"), ("accessibility", "Barrierefreiheit")):
        assert f'<a href="https://news.example.org/{name}">{label}</a>' in text


def test_without_legal_pages_there_is_no_empty_footer(database: Database, tmp_path: Path) -> None:
    client = a_client(an_app(database, tmp_path, imprint_url="", privacy_url="", accessibility_url=""))

    assert "<footer" not in client.get("/lists/region").text


@pytest.mark.parametrize("path", ["/lists/region", "/confirm/x", "/leave/x"])
def test_a_body_over_the_limit_is_refused_kindly(app: App, client: Client, path: str) -> None:
    before = dump(app)

    answer = client.post(path, data={"email": "anna@posteo.de", "first_name": "x" * 70_000})

    assert answer.status_code == 413
    assert "Das war zu viel" in answer.text
    assert dump(app) == before


def test_a_body_that_does_not_tell_its_length_is_refused_at_the_limit(client: Client) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while read < 1_000_000:
            read += 10_000
            yield b"x" * 10_000

    assert client.post("/lists/region", content=endless()).status_code == 413


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (bytes(range(256)) * 16, "application/octet-stream"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"%ff%fe=%00&email=%00", "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\n\r\n--b--", "multipart/form-data; boundary=b; charset=nonsense"),
        (b"&".join(b"f%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_refused_kindly(app: App, client: Client, content: bytes, content_type: str) -> None:
    before = dump(app)

    answer = client.post("/lists/region", content=content, headers={"Content-Type": content_type})

    assert answer.status_code == 400
    assert "</html>" in answer.text
    assert dump(app) == before


def test_a_file_in_a_form_is_refused(client: Client) -> None:
    assert client.post("/lists/region", files={"email": ("a.exe", b"MZ")}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/lists/region", "GET, HEAD, POST"),
        ("DELETE", "/leave/x", "GET, HEAD, POST"),
        ("POST", "/view/x", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_a_method_that_does_not_fit_is_told_which_do(client: Client, method: str, path: str, allowed: str) -> None:
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert "Das geht hier nicht" in answer.text


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/lists", "/lists/region/", "/static/x/site.css"])
def test_an_address_that_is_none_is_a_kind_page(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text


def test_an_error_nobody_foresaw_is_a_page_without_its_story(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("anna@posteo.de")

    monkeypatch.setattr(leaving, "leaving_of", broken)

    with capture_logs() as lines:
        answer = client.get("/leave/secret-token", headers={"Accept-Language": "en"})

    assert answer.status_code == 500
    assert "This is our fault, not yours." in answer.text
    assert "anna@posteo.de" not in answer.text + str(lines)
    assert "secret-token" not in str(lines)
    assert lines[0]["error"] == "RuntimeError"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_log_tells_the_route_and_never_the_path(app: App, client: Client) -> None:
    reader = a_reader(app)

    with capture_logs() as lines:
        client.get(f"/confirm/{reader.confirm_token}")
        sign_up(client, "bernd@posteo.de")
        client.get("/nowhere/at-all")

    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/confirm/{token}", 200),
        ("GET", "/lists/{slug}", 200),
        ("POST", "/lists/{slug}", 200),
        ("GET", "none", 404),
    ]
    assert not any(word in str(lines) for word in (reader.confirm_token, "bernd", "at-all", "region"))


def test_pictures_are_served_to_mail_programs_anywhere_and_for_ever(app: App, client: Client) -> None:
    app.settings.media_folder.mkdir()
    (app.settings.media_folder / "3f9a51c20b7d.jpg").write_bytes(b"\xff\xd8\xff")

    answer = client.get("/media/3f9a51c20b7d.jpg")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    "name",
    ["..%2Fsecret", "%2e%2e%2fsecret", "x.svg", "x.html", ".hidden.png", "missing.png", "x.png%00", "X.PNG", "sub"],
)
def test_nothing_but_pictures_of_the_media_folder_is_served(app: App, client: Client, name: str) -> None:
    media = app.settings.media_folder
    (media / "sub").mkdir(parents=True)
    for file in (media / "x.svg", media / "x.html", media / ".hidden.png", media / "X.PNG", media.parent / "secret"):
        file.write_text("secret")

    answer = client.get(f"/media/{name}")

    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_the_style_sheet_is_kept_for_ever_under_the_hash_of_its_content(client: Client) -> None:
    page = client.get("/lists/region").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    answer = client.get(address)

    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(address.replace("/static/", "/static/0")).status_code == 404


@pytest.mark.parametrize("nowhere", ["sqlite:///{home}", "postgresql+psycopg://anna:secret@127.0.0.1:9/nothing"])
def test_healthz_answers_while_the_database_does(app: App, client: Client, nowhere: str) -> None:
    assert client.get("/healthz").text == "ok\n"

    gone = a_client(replace(app, database=Database(nowhere.format(home=app.settings.home))))

    assert gone.get("/healthz").status_code == 503
    assert gone.get("/healthz").text == "the database does not answer\n"


def test_a_site_under_a_path_links_under_that_path(database: Database, tmp_path: Path) -> None:
    client = a_client(an_app(database, tmp_path, base_url="https://example.org/news/"))

    page = client.get("/lists/region/embed").text

    assert 'rel="stylesheet" href="/news/static/' in page
    assert 'href="/news/lists/region?lang=de"' in page
    assert 'action="https://example.org/news/lists/region"' in page
