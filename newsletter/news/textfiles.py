"""Plain text and Markdown files become articles.

    article = article_of_text(text, origin="mitteilung.txt")

A text file is read as press offices write them: the headline, a line with the date, paragraphs
parted by blank lines. A Markdown file may open with front matter, of which `title`, `date`,
`link`, `language` and `credit` count:

    ---
    title: Der Rufbus fährt jetzt auch sonntags
    date: 2019-04-04
    ---
"""

import html
import re
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.content import links
from newsletter.content.characters import tidy
from newsletter.content.parsing import parse
from newsletter.news import captions, dates, stopping
from newsletter.news.article import Article, NoArticle
from newsletter.news.assembling import assemble

_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_RULE = re.compile(r"\s*(?:[=_*~#-]\s*){3,}")
_BULLET = re.compile(r"\s*[-*•–]\s+")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z_]+)[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_LISTED_DAY = re.compile(r"^(\d{1,2})\.([ \t].{4,60})$", re.MULTILINE)
_LONGEST_TITLE = 200  # characters; a longer first paragraph is a headline with the text right under it
_LONGEST = 2_000_000  # characters


def article_of_text(text: str, *, origin: str) -> Article:
    """Read a text file.

    Raises:
        NoArticle: it is no text, or has no more than a headline.
    """
    paragraphs = [part for part in _BLANK_LINES.split(_lines_alike(text, origin)) if part.strip()]
    opening = [] if not paragraphs else _opening(paragraphs[0])
    written = "".join(_html_of(lines) for part in [*opening, *paragraphs[1:]] for lines in _parted(part))
    return _with_text(assemble(parse(written), Article(title="")), origin)


def article_of_markdown(text: str, *, origin: str) -> Article:
    """Read a Markdown file; HTML in it stays visible as it is written.

    Raises:
        NoArticle: it is no text, or has no more than a headline.
    """
    source = _lines_alike(text, origin)
    front = _FRONT_MATTER.match(source)
    stated = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(front.group(1))} if front else {}
    link = links.resolve(stated.get("link", "")) or ""
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "xhtmlOut": True}).enable("table")
    tokens = markdown.parse(_LISTED_DAY.sub(_as_date, source[front.end() :] if front else source))
    written = markdown.renderer.render(tokens, markdown.options, {})
    image = _first_image(tokens)
    draft = Article(
        title=stated.get("title", ""),
        date=dates.date_of(stated.get("date", "")),
        link=link,
        language=stated.get("language", ""),
        credit=stated.get("credit", ""),
        image_url=str(image.attrs.get("src", "")) if image else "",
        image_alt=image.content if image else "",
    )
    return _with_text(assemble(parse(written, base_url=link), draft), origin)


def _as_date(line: re.Match[str]) -> str:
    """Keep `4. April 2019` from becoming the fourth item of a list."""
    day, rest = line.groups()
    return f"{day}\\.{rest}" if dates.is_date_line(f"{day}.{rest}") else line.group()


def _lines_alike(text: str, origin: str) -> str:
    """One kind of line end; a file with NUL in it is none of text."""
    if "\0" in text:
        raise NoArticle(origin)
    return tidy(text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n")).strip("\n")


def _with_text(article: Article, origin: str) -> Article:
    if not article.title or not (article.lead or article.body):
        raise NoArticle(origin)
    return replace(article, image_alt=article.image_alt or article.caption)


def _opening(paragraph: str) -> list[str]:
    """The first paragraph; where text follows right under the headline, the two apart."""
    if len(paragraph) <= _LONGEST_TITLE:
        return [paragraph]
    title, _, rest = paragraph.partition("\n")
    return [title, rest] if rest else [title]


def _parted(paragraph: str) -> list[list[str]]:
    """The lines of a paragraph, those that say something of their own (date, credit, end) each apart."""
    parts: list[list[str]] = [[]]
    for line in paragraph.split("\n"):
        words = line.strip()
        if _RULE.fullmatch(line):
            parts.append([])
        elif dates.is_date_line(words) or captions.is_credit(words) or stopping.ends_article(words):
            parts += [[line], []]
        else:
            parts[-1].append(line)
    return [lines for lines in parts if lines]


def _html_of(lines: list[str]) -> str:
    """A list if every line is an item, else one paragraph; line ends in it are only where the editor wrapped."""
    if len(lines) > 1 and all(_BULLET.match(line) for line in lines):
        items = (html.escape(_BULLET.sub("", line, count=1)) for line in lines)
        return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    return f"<p>{html.escape(' '.join(lines))}</p>"


def _first_image(tokens: list[Token]) -> Token | None:
    inside = (child for token in tokens for child in token.children or ())
    return next((child for child in inside if child.type == "image"), None)
