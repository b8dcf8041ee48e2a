from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import samples
from newsletter.delivery.samples import Sample
from newsletter.i18n import LANGUAGES
from newsletter.mails import letters
from newsletter.rendering.system_mail import SystemMailInvalid
from newsletter.settings import templates_folder
from newsletter.texts import writing
from newsletter.texts.letters import CONFIRMATION, LETTERS, letter
from newsletter.texts.passages import LIST, Place
from tests.support.makers import BY, NOW, a_list, a_publication

BODY = "Guten Tag & willkommen bei <b>{list}</b>,\nsind Sie das?\n\n{link}\n\n{publisher} wartet {days} Tage."


def a_sample(session: Session, mail: Place = CONFIRMATION, *, language: str = "de", **texts: str) -> Sample:
    mailing_list = a_list(session)
    for part, text in texts.items():
        passage = mail.passage(part)
        writing.write(session, mailing_list, passage=passage, language="de", text=text, by=BY, now=NOW)
    compiled = letters.compiled(
        session,
        mail,
        publication=a_publication(session, mailing_list),
        mailing_list=mailing_list,
        language=language,
        values=mail.samples(language),
    )
    return samples.letter(compiled, link=mail.link, public_url="https://news.example.org", now=NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mail", LETTERS, ids=lambda mail: mail.short_name)
def test_every_letter_is_plain_and_shows_its_link_in_both_parts(session: Session, mail: Place, language: str) -> None:
    sample = a_sample(session, mail, language=language)
    link = f"https://news.example.org/{mail.link}/"

    assert f'<html lang="{language}"' in sample.html
    assert "prefers-color-scheme: dark" in sample.html
    assert not [fetch for fetch in ("src=", "url(", "@import", "<link", "background=") if fetch in sample.html]
    assert "xNL" not in sample.html + sample.text
    assert sample.html.count(f'href="{link}') == (2 if mail.link else 0)
    assert sample.text.count(f"\n\n{link}") == (1 if mail.link else 0)
    assert sample.text.rstrip().endswith("Region GmbH\nHafenstraße 4, 04999 Weidenfurt")


def test_both_parts_are_made_of_the_words_of_the_list(session: Session) -> None:
    sample = a_sample(session, subject="Sind Sie das? <{list}>", body=BODY, button="Ja, <ich> bin es")

    link = f"https://news.example.org/confirm/{samples.SAMPLE_TOKEN}"
    assert sample.text == (
        f"Guten Tag & willkommen bei <b>Region aktuell</b>,\nsind Sie das?\n\n{link}\n\nPresse wartet 14 Tage.\n\n"
        "Region GmbH\nHafenstraße 4, 04999 Weidenfurt\n"
    )
    assert "Guten Tag &amp; willkommen bei &lt;b&gt;Region aktuell&lt;/b&gt;,<br>\nsind Sie das?</p>" in sample.html
    assert ">Ja, &lt;ich&gt; bin es</a>" in sample.html
    assert sample.html.count("Sind Sie das? &lt;Region aktuell&gt;") == 3
    assert b"Subject: Sind Sie das? <Region aktuell>\r\n" in sample.message


def test_another_language_keeps_the_words_of_the_product(session: Session) -> None:
    sample = a_sample(session, language="en", body=BODY)

    assert "If that was you, please confirm here:" in sample.text


def test_a_letter_without_a_link_is_words_alone(session: Session) -> None:
    note = letter("note", meaning="x", knows=(LIST,), subject="{list}", body="Eins.\n\nZwei & {list}.")

    sample = a_sample(session, note)

    assert sample.text.startswith("Eins.\n\nZwei & Region aktuell.\n\nRegion GmbH\n")
    assert "<a " not in sample.html


def test_the_shipped_templates_have_no_problems(session: Session) -> None:
    assert letters.problems(session) == ()


def site_folder(tmp_path: Path, name: str = "confirmation", **files: str) -> Path:
    folder = tmp_path / "site" / "mail" / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file.replace("_", ".")).write_text(text, "utf-8")
    return tmp_path / "site"


@pytest.mark.parametrize("name", ["confirmation", "letter"])
def test_a_site_lays_its_own_template_over_ours(database: Database, tmp_path: Path, name: str) -> None:
    own = site_folder(tmp_path, name, body_txt="Eigenes für {{ list }}: {{ link }}\n")
    database.bind(None, templates=(own, templates_folder()))

    with database.writing() as session:
        sample = a_sample(session)

    assert sample.text.startswith("Eigenes für Region aktuell: https://news.example.org/confirm/")
    assert "Anmeldung bestätigen" in sample.html


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("body.txt", "Kein Link", "body.txt does not show the link the mail is for; write {{ link }} there."),
        ("body.html", "<p>Kein Link</p>", "body.html does not show the link the mail is for; write {{ link }} there."),
        ("body.html", "{{ links.unsubscribe }}", "body.html does not show the link the mail is for"),
        ("subject.txt", "{{ nothing }}", "'nothing' is undefined."),
        ("body.txt", "{% if %}", "Expected an expression"),
    ],
)
def test_a_template_of_the_site_without_the_link_is_refused(
    database: Database, tmp_path: Path, file: str, text: str, reason: str
) -> None:
    own = site_folder(tmp_path, **{file.replace(".", "_"): text})
    database.bind(None, templates=(own, templates_folder()))

    with database.writing() as session, pytest.raises(SystemMailInvalid) as refused:
        a_sample(session)

    assert str(refused.value).startswith(f"The system mail “confirmation” cannot be made: {reason}")


def test_what_is_wrong_with_a_site_s_templates_is_told_before_anybody_signs_up(
    database: Database, tmp_path: Path
) -> None:
    own = site_folder(tmp_path, "letter", body_txt="Kein Link")
    database.bind(None, templates=(own, templates_folder()))

    with database.reading() as session:
        problems = letters.problems(session)

    assert problems[0] == (
        "The system mail “confirmation” cannot be made: "
        "body.txt does not show the link the mail is for; write {{ link }} there."
    )
