"""A window of the composer without scripts: the form as a browser would send it."""

from dataclasses import dataclass, replace

from httpx import Response
from lxml import html

from newsletter.app import App
from newsletter.content.blocks import IssueContent
from newsletter.issues import composing, publications, revisions
from newsletter.issues.models import Issue
from newsletter.news.models import NewsItem
from tests.support.makers import BY, an_item
from tests.support.web import Client

FEST, HAUS = "Fest am See", "Neues Rathaus"  # the stories of an issue with which most begin


@dataclass(frozen=True, slots=True)
class Desk:
    """What a window shows and holds; typing and pressing gives another one."""

    client: Client
    path: str
    text: str
    fields: dict[str, str]

    @classmethod
    def open(cls, client: Client, issue_id: int, query: str = "") -> "Desk":
        path = f"/staff/issues/{issue_id}/edit"
        return cls._of(client, path, client.get(path + query))

    @classmethod
    def _of(cls, client: Client, path: str, answer: Response) -> "Desk":
        assert answer.status_code in {200, 409}, answer.status_code
        return cls(client, path, answer.text, sent_by(answer.text))

    def typed(self, **fields: str | None) -> "Desk":
        """With other words in fields (`b2_title` is `b2.title`); None unticks."""
        named = {name.replace("__", "."): value for name, value in fields.items()}
        kept = {name: value for name, value in self.fields.items() if name not in named}
        return replace(self, fields=kept | {name: value for name, value in named.items() if value is not None})

    def press(self, act: str = "save") -> "Desk":
        answer = self.client.post(self.path, data={**self.fields, "act": act})
        return Desk._of(self.client, self.path, answer)

    @property
    def document(self) -> html.HtmlElement:
        return html.document_fromstring(self.text)

    @property
    def titles(self) -> list[str]:
        return [" ".join(each.text_content().split()) for each in self.document.cssselect(".block h3")]

    @property
    def alert(self) -> str:
        return " ".join(each.text_content().strip() for each in self.document.cssselect("main [role=alert]"))


def sent_by(page: str, form: str = "#compose") -> dict[str, str]:
    """The fields of a form, of the composer's where no other is asked for, with their values."""
    forms = html.document_fromstring(page).cssselect(form)
    # A browser sends line ends as CR LF, and drops the first one after <textarea>.
    return {} if not forms else {name: value.replace("\n", "\r\n") for name, value in _values(forms[0])}


def _values(form: html.HtmlElement) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for control in form.cssselect("input[name], textarea[name], select[name]"):
        name = control.get("name", "")
        if control.tag == "textarea":
            found.append((name, (control.text or "").removeprefix("\n")))
        elif control.tag == "select":
            chosen = control.cssselect("option[selected]")
            found.append((name, chosen[0].get("value") or chosen[0].text or "" if chosen else ""))
        elif control.get("type") not in {"checkbox", "radio"} or control.get("checked") is not None:
            found.append((name, control.get("value", "")))
    return found


def an_issue(app: App, *titles: str, publication: str = "aktuell") -> int:
    """A draft with a greeting and these stories."""
    with app.writing() as session:
        items = [an_item(session, title) for title in titles]
        made = composing.create(session, publications.named(session, publication), items=items, by=BY, now=app.now())
        return made.id


def in_the_pool(app: App, title: str, **fields: object) -> int:
    with app.writing() as session:
        return an_item(session, title, **fields).id


def content(app: App, issue_id: int) -> IssueContent:
    with app.reading() as session:
        return revisions.content_of(session, session.get_one(Issue, issue_id))


def state(app: App, issue_id: int) -> str:
    with app.reading() as session:
        return session.get_one(Issue, issue_id).state


def change_item(app: App, item_id: int, **fields: object) -> None:
    """The source says something else now."""
    with app.writing() as session:
        item = session.get_one(NewsItem, item_id)
        item.version += 1
        for name, value in fields.items():
            setattr(item, name, value)
