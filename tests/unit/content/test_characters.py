from newsletter.content import characters


def test_tidy_text_is_composed_and_without_controls() -> None:
    assert characters.tidy("u\u0308\x00\x1b\ud800\ufffe\U0001fffe b\tc") == "ü b\tc"


def test_one_line_has_no_line_break_but_keeps_no_break_spaces() -> None:
    assert characters.on_one_line(" a\r\nb\u2028c\xa0d ") == "a b c\xa0d"


def test_blank_is_what_nobody_sees() -> None:
    assert characters.is_blank(" \xa0\u200b\xad\u2060")
    assert not characters.is_blank("\u200b.")


def test_plain_text_keeps_the_joiner_that_defuses_a_merge_field() -> None:
    assert characters.plain("So\xadft [\u2060[name]] Wort\u2060e") == "Soft [\u2060[name]] Worte"
