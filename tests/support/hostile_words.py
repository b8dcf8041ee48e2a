"""Words that somebody would like to be more than words, and whether a page or a mail holds them as words alone."""

import re

from lxml import html

# What breaks out of text, attributes, titles, text areas, styles and comments, and a sum that a template would do.
MARKUP = """Xss'"></textarea></title></style>--><script>xss()</script><img src=x onerror=xss()>"""
NAME = f"{MARKUP}{{{{7177*7}}}}"
UNSEEN = "\u202e\x00\x1b[31m\ufeff\r\nBcc: xss@evil.example\r\n"
SENDABLE = f"{MARKUP}{UNSEEN}]]><mj-raw><b onclick=xss()>b</b></mj-raw><svg/onload=xss()>${{xss()}} [[ {{{{"
WORDS = f"{SENDABLE}{NAME}{{% raw %}} [[xss]]"
RICH = (
    f"<p>{MARKUP}</p><p onclick='xss()' style='background:url(javascript:xss())'>Xss <a href='javascript:xss()'>a</a>"
    "<a href='data:text/html,<script>xss()</script>'>b</a><a href='java&#9;script:xss()'>c</a><style>p{xss:1}</style>"
    "<iframe src='https://evil.example'></iframe><mj-raw><b>d</b></mj-raw>[[first_name|<script>xss()</script>]]</p>"
)
LINKS = (
    "javascript:xss()",
    " JaVa\tScRiPt:xss()",
    "data:text/html,<script>xss()</script>",
    "vbscript:xss()",
    """https://example.org/"onmouseover="xss()'><script>xss()</script>""",
)
_OURS = re.compile(r"xss[(:]")  # of the words above, where a script or style would be
_SUM = "50239"
_ADDRESSES = {"href", "src", "action", "formaction", "poster", "background", "xlink:href", "data"}
_SCHEMES = {"", "http", "https", "mailto", "tel", "cid"}
_CONDITION = re.compile(r"^\s*\[if [^\]]*\]>(?:<!-->)?|<!\[endif\]\s*$")


def assert_harmless(page: str) -> None:
    """See that nothing in a page or mail runs, leads to a script, or was worked out by a template."""
    assert _SUM not in page
    for element in html.document_fromstring(
        page.replace("\0", "").encode(), parser=html.HTMLParser(encoding="utf-8")
    ).iter():
        if isinstance(element.tag, str):
            _check(element)
        elif "<" in (inside := _CONDITION.sub("", element.text or "")):  # what Outlook alone reads
            assert_harmless(f"<div>{inside}</div>")


def _check(element: html.HtmlElement) -> None:
    here = html.tostring(element, encoding="unicode")[:300]
    assert element.tag not in {"mj-raw", "object", "embed", "base"}, here
    assert element.tag not in {"script", "style"} or not _OURS.search(element.text or ""), here
    assert element.tag != "script" or element.get("src", "").startswith("/static/"), here
    assert element.tag != "iframe" or element.get("src", "").startswith("/staff/"), here
    for name, value in element.attrib.items():
        assert not name.startswith("on"), here
        assert name != "srcdoc", here
        assert name != "style" or not _OURS.search(value), here
        assert name not in _ADDRESSES or _is_harmless(value), here


def _is_harmless(address: str) -> bool:
    seen = re.sub(r"[\x00-\x20]", "", address).lower()
    scheme = re.match(r"([a-z][a-z0-9+.-]*):", seen)
    return seen != "x" and ((scheme[1] if scheme else "") in _SCHEMES or seen.startswith("data:image/"))
