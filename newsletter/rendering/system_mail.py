"""System mails: `templates/mail/<name>/{subject.txt,body.txt,body.html}` and facts become a compiled mail.

    compile_system_mail(folder / "alert", language="de", sender=sender, facts={"title": "…", …})

What differs between recipients is written as a slot, such as `{{ links.confirm }}` or
`{{ recipient.name }}`, and filled when the message is assembled; so one list and language is one
compiled mail, shared by everybody. A mail that is about one link knows it as `link`, and without it is none.

Templates are plain HTML written by hand: a system mail has no design. They are sandboxed, since a
site may bring its own, and every text in them is translated by `_`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from newsletter.errors import NewsletterError
from newsletter.i18n import translations
from newsletter.rendering.compiled import LINK_NAMES, RECIPIENT_FIELDS, CompiledIssue, Mailbox, Slot
from newsletter.rendering.slots import Slots

SUBJECT, TEXT, HTML = "subject.txt", "body.txt", "body.html"


class SystemMailInvalid(NewsletterError):
    """A template of a system mail is missing, broken, or asks for a fact nobody gives."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The system mail “{name}” cannot be made: {reason}")
        self.name = name
        self.reason = reason


def compile_system_mail(
    folders: Path | Sequence[Path],
    *,
    language: str,
    sender: Mailbox,
    reply_to: Mailbox | None = None,
    facts: Mapping[str, object],
    link: str = "",
) -> CompiledIssue:
    """Compile one system mail in one language.

    Each template comes from the first of the folders that has it; the first folder's name is the mail's.
    `facts` are what all recipients share, under the names the templates use. `link` is the one of
    `LINK_NAMES` that the mail is for; both its parts must hold it. The subject becomes
    one line. The mail is marked automatic and belongs to no list, so it has no List headers.

    Raises:
        SystemMailInvalid: a template is missing or broken, names an unknown fact, or lacks the link.
    """
    searched = [folders] if isinstance(folders, Path) else list(folders)
    name = searched[0].name
    slots = Slots.apart_from("\n".join([*_sources(searched), repr(facts)]))
    words = {**facts, "language": language, **_slot_names(slots)}
    if link:
        words["link"] = slots.token(f"links.{link}")
    subject, text, html = _rendered(searched, language, words)
    compiled = CompiledIssue(
        language=language,
        sender=sender,
        reply_to=reply_to,
        subject=slots.split(" ".join(subject.split())),
        html=slots.split(html),
        text=slots.split(text),
        automatic=True,
    )
    if link:
        _require_link(compiled, link, name=name)
    return compiled


def _require_link(compiled: CompiledIssue, link: str, *, name: str) -> None:
    for file, parts in ((TEXT, compiled.text), (HTML, compiled.html)):
        if Slot(f"links.{link}") not in parts:
            raise SystemMailInvalid(name, f"{file} does not show the link the mail is for; write {{{{ link }}}} there.")


def _sources(folders: Sequence[Path]) -> list[str]:
    return [_source(folders, name) for name in (SUBJECT, TEXT, HTML)]


def _source(folders: Sequence[Path], name: str) -> str:
    path = next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name)
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemMailInvalid(folders[0].name, f"{error}.") from error


def _slot_names(slots: Slots) -> dict[str, SimpleNamespace]:
    return {
        "links": SimpleNamespace(**{name: slots.token(f"links.{name}") for name in LINK_NAMES}),
        "recipient": SimpleNamespace(**{name: slots.token(f"recipient.{name}") for name in RECIPIENT_FIELDS}),
    }


def _rendered(folders: Sequence[Path], language: str, words: Mapping[str, object]) -> list[str]:
    environment = _environment(tuple(folders), language)
    try:
        return [environment.get_template(name).render(words) for name in (SUBJECT, TEXT, HTML)]
    except TemplateError as error:
        raise SystemMailInvalid(folders[0].name, f"{error}.") from error


@lru_cache(maxsize=64)  # a mail is made for each sign-up; a template that changes is read again
def _environment(folders: tuple[Path, ...], language: str) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    return environment
