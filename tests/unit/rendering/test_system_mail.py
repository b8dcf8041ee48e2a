import json
from pathlib import Path

import pytest

from newsletter.rendering.compiled import Mailbox, Slot
from newsletter.rendering.system_mail import SystemMailInvalid, compile_system_mail
from newsletter.settings import templates_folder

SENDER = Mailbox("Presse", "presse@example.org")
# The letters have no facts of their own: tests/unit/mails/test_letters.py makes each of them.
SHIPPED = sorted(path for path in (templates_folder() / "mail").iterdir() if path.is_dir() and path.name != "letter")


def a_mail(
    folder: Path, *, subject: str = "Hello", text: str = "Hello", html: str = '<html lang="{{ language }}"></html>'
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "subject.txt").write_text(subject, "utf-8")
    (folder / "body.txt").write_text(text, "utf-8")
    (folder / "body.html").write_text(html, "utf-8")
    return folder


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_mail_is_made_of_its_sample(folder: Path, language: str) -> None:
    facts = json.loads((folder / "sample.json").read_text("utf-8"))

    compiled = compile_system_mail(folder, language=language, sender=SENDER, facts=facts)

    html = "".join(part for part in compiled.html if isinstance(part, str))
    assert f'<html lang="{language}"' in html
    assert "prefers-color-scheme: dark" in html
    assert not [fetch for fetch in ("src=", "url(", "@import", "<link", "background=") if fetch in html]
    assert compiled.subject
    assert "xNL" not in compiled.to_json()
    assert compiled.automatic
    assert compiled.list_id == ""


def test_what_differs_between_recipients_is_a_slot(tmp_path: Path) -> None:
    folder = a_mail(tmp_path / "mail", text="Hello {{ recipient.name }}: {{ links.confirm }}\n")

    compiled = compile_system_mail(folder, language="en", sender=SENDER, facts={})

    assert compiled.text == ("Hello ", Slot("recipient.name"), ": ", Slot("links.confirm"), "\n")


def test_facts_are_escaped_in_html_and_plain_in_text(tmp_path: Path) -> None:
    folder = a_mail(tmp_path / "mail", subject="{{ name }}", text="{{ name }}", html="<p>{{ name }}</p>")

    compiled = compile_system_mail(folder, language="en", sender=SENDER, facts={"name": "<b>A & B</b>"})

    assert compiled.subject == ("<b>A & B</b>",)
    assert compiled.text == ("<b>A & B</b>",)
    assert compiled.html == ("<p>&lt;b&gt;A &amp; B&lt;/b&gt;</p>",)


def test_a_fact_is_never_a_template_and_never_a_slot(tmp_path: Path) -> None:
    folder = a_mail(tmp_path / "mail", text="{{ name }} {{ links.confirm }}")
    compiled = compile_system_mail(folder, language="en", sender=SENDER, facts={"name": ""})
    typed = "{{ links.confirm }} xNL00000000S0x"

    again = compile_system_mail(folder, language="en", sender=SENDER, facts={"name": typed})

    assert again.text == (f"{typed} ", Slot("links.confirm"))
    assert compiled.text == (" ", Slot("links.confirm"))


def test_the_subject_is_one_line(tmp_path: Path) -> None:
    folder = a_mail(tmp_path / "mail", subject="  {{ name }}\n")

    compiled = compile_system_mail(folder, language="en", sender=SENDER, facts={"name": "A\r\nBcc: b@example.org"})

    assert compiled.subject == ("A Bcc: b@example.org",)


def test_the_same_list_and_language_give_the_same_mail(tmp_path: Path) -> None:
    folder = a_mail(tmp_path / "mail", text="{{ name }} {{ links.confirm }}")

    digests = {compile_system_mail(folder, language="en", sender=SENDER, facts={"name": "A"}).digest for _ in range(3)}

    assert len(digests) == 1


@pytest.mark.parametrize(
    "text",
    ["{{ unknown }}", "{{ links.nothing }}", "{% if %}", "{{ ''.__class__.__mro__ }}", "{% include '../x' %}"],
)
def test_a_broken_template_is_told_by_name(tmp_path: Path, text: str) -> None:
    folder = a_mail(tmp_path / "mail", text=text)

    with pytest.raises(SystemMailInvalid, match="The system mail “mail” cannot be made: "):
        compile_system_mail(folder, language="en", sender=SENDER, facts={})


def test_a_missing_template_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(SystemMailInvalid, match="The system mail “nothing” cannot be made"):
        compile_system_mail(tmp_path / "nothing", language="en", sender=SENDER, facts={})
