from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from newsletter.rendering.markup import to_mjml
from newsletter.rendering.scanning import Place, scan


def written(mjml: str) -> str:
    return to_mjml(scan(mjml))


def test_short_paddings_are_written_out_and_single_ones_stand() -> None:
    assert written('<mj-text padding="1px 2px">x</mj-text>') == (
        '<mj-text padding-top="1px" padding-right="2px" padding-bottom="1px" padding-left="2px">x</mj-text>'
    )
    assert written('<mj-text padding="1px 2px 3px" padding-left="9px">x</mj-text>') == (
        '<mj-text padding-top="1px" padding-right="2px" padding-bottom="3px" padding-left="9px">x</mj-text>'
    )
    assert written('<mj-text padding="1px">x</mj-text>') == '<mj-text padding="1px">x</mj-text>'


def test_attributes_hold_ascii_on_one_line_and_entities_pass() -> None:
    assert written("<p title='a\n \"ü\\\xa0&nbsp;&amp;>'>x</p>") == (
        '<p title="a &#34;&#252;&#92;&#160;&nbsp;&amp;&#62;">x</p>'
    )


def test_line_breaks_between_words_become_one_space() -> None:
    assert written("<mj-text><i>a</i>\r\n\t<b>b\n c</b>\xa0\n</mj-text>") == (
        "<mj-text><i>a</i> <b>b c</b>\xa0 </mj-text>"
    )


def test_white_space_between_elements_is_dropped_and_style_sheets_stay() -> None:
    assert written("<mj-head>\n <mj-style>\n a > b {}\n</mj-style>\n</mj-head>") == (
        "<mj-head><mj-style>\n a > b {}\n</mj-style></mj-head>"
    )


def test_a_title_is_written_as_the_attribute_it_becomes() -> None:
    assert written("<mj-title>Gru\u0308ße\xa0</mj-title>") == "<mj-title>Gr&#252;&#223;e&#160;</mj-title>"


def test_marks_tell_the_place_and_are_not_written() -> None:
    tokens = scan('<mj-text data-at="blocks/a.mjml:12" color="red"><b>x</b></mj-text>')

    assert tokens[0].place == Place("blocks/a.mjml", 12)
    assert tokens[1].place == Place("blocks/a.mjml", 12)
    assert to_mjml(tokens) == '<mj-text color="red"><b>x</b></mj-text>'


def test_comments_for_outlook_stay_and_others_go() -> None:
    assert written("<mj-raw><!-- a --><!--[if mso]><b><![endif]--><!--[if !mso]><!-->c<!--<![endif]--></mj-raw>") == (
        "<mj-raw><!--[if mso]><b><![endif]--><!--[if !mso]><!-->c<!--<![endif]--></mj-raw>"
    )


@given(st.text(max_size=40))
def test_any_escaped_text_can_stand_in_text_and_attribute(text: str) -> None:
    tokens = scan(f'<mj-text title="{escape(text)}">{escape(text)}</mj-text>')

    assert [token.kind for token in tokens if token.kind != "text"] == ["open", "close"]
