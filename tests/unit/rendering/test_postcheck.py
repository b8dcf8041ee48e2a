import pytest

from newsletter.rendering.errors import TemplateInvalid
from newsletter.rendering.postcheck import check_compiled, check_finished

GOOD = '<!DOCTYPE html><style>a { color: red !important; }</style><!--[if mso]>x<![endif]--><img src="x" alt="">'


@pytest.mark.parametrize("tag", ['<p style="a\\nb">', '<img alt="a\\u{a0}b">', '<p title="a\\"b">', '<mj-x a="b\\tc">'])
def test_what_debug_printing_leaves_is_noticed(tag: str) -> None:
    with pytest.raises(TemplateInvalid, match="the compiler damaged an attribute"):
        check_compiled(f"<p>x</p>{tag}")


def test_a_backslash_that_is_an_entity_or_a_word_is_fine() -> None:
    check_compiled('<p title="C:&#92;neu">C:\\neu</p>')


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (GOOD.replace("<!DOCTYPE html>", ""), "document type was lost"),
        (GOOD.replace(" !important", ""), "style sheet was changed"),
        (GOOD.replace("<![endif]-->", "-->"), "conditional comments"),
        (GOOD.replace(' alt=""', ""), "picture has no alt"),
    ],
)
def test_what_the_libraries_could_lose_is_noticed(html: str, reason: str) -> None:
    with pytest.raises(TemplateInvalid, match=reason):
        check_finished(html, compiled=GOOD, tokens=frozenset(), found=frozenset())


@pytest.mark.parametrize("found", [frozenset[str](), frozenset({"a", "b"})])
def test_a_lost_or_new_slot_is_noticed(found: frozenset[str]) -> None:
    with pytest.raises(TemplateInvalid, match="reader's own words"):
        check_finished(GOOD, compiled=GOOD, tokens=frozenset({"a"}), found=found)


def test_what_came_through_is_fine() -> None:
    check_finished(GOOD, compiled=GOOD, tokens=frozenset({"a"}), found=frozenset({"a"}))
