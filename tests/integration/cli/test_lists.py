"""Lists by command: what their forms ask and say, and their topics."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run


def test_what_the_form_asks_is_changed_and_shown(newsletter: Run) -> None:
    said = newsletter("list", "form", "region", "--field", "region=required", "--field", "organisation=off")
    shown = newsletter("list", "show", "region", "--json").json

    assert said.out == (
        "The form of “region” asks: address, salutation (optional), first_name (optional), "
        "last_name (optional), region (required)\n"
    )
    assert (shown["form"]["region"], shown["form"]["organisation"]) == ("required", "off")
    assert shown["confirmed"] == 0
    assert "region" in newsletter("list", "show", "region").out


def test_topics_are_made_renamed_and_removed(newsletter: Run) -> None:
    said = newsletter("topic", "add", "region", "culture", "--name", "de=Kultur", "--name", "en=Culture")
    newsletter("topic", "add", "region", "sport", "--name", "1=1 Sport", "--by", "ana@example.org")
    newsletter("topic", "rename", "region", "culture", "--name", "en=Arts")

    assert "newsletter list form region --field topics=optional" in said.out
    assert newsletter("topic", "list", "region").out.splitlines() == [
        "topic    de         en    chosen by",
        "culture  Kultur     Arts  0",
        "sport    1=1 Sport        0",
    ]
    assert newsletter("topic", "remove", "region", "culture").out == "The topic “culture” is gone; 0 had chosen it.\n"
    assert newsletter("topic", "list", "region", "--json").json == [
        {"slug": "sport", "names": {"de": "1=1 Sport"}, "chosen_by": 0}
    ]
    newsletter("topic", "remove", "region", "sport")
    assert "newsletter topic add region SLUG" in newsletter("topic", "list", "region").out


def test_words_are_shown_changed_and_their_versions_kept(newsletter: Run, tmp_path: Path) -> None:
    shipped = newsletter("list", "wording", "region", "--language", "de").out
    file = tmp_path / "words.txt"
    file.write_text("Ich möchte „%(list)s“ lesen\nund kann das widerrufen.\n", "utf-8")

    changed = newsletter("list", "wording", "region", "--language", "de", "--text", file, "--by", "ana@example.org").out
    newsletter("list", "wording", "region", "--language", "de", "--shipped")

    assert "Ich möchte „Region aktuell“ von" in shipped
    assert changed == "Ich möchte „Region aktuell“ lesen und kann das widerrufen.\n"
    assert newsletter("list", "wording", "region", "--language", "de").out == shipped
    [version] = newsletter("list", "wording", "region", "--language", "de", "--history", "--json").json
    assert version["text"] == "Ich möchte „%(list)s“ lesen und kann das widerrufen."
    assert (version["by"], version["ended_by"]) == ("ana@example.org", "command line")
    assert version["since"] <= version["until"]
    assert "ana@example.org" in newsletter("list", "wording", "region", "--language", "de", "--history").out
    assert "always shown the shipped" in newsletter("list", "wording", "region", "--language", "en", "--history").out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("list", "form", "region", "--field", "birthday=required"), 1, "the fields are salutation"),
        (("list", "form", "region", "--field", "region"), 1, "each off, optional or required"),
        (("list", "form", "region"), 2, "--field"),
        (("list", "form", "nothing", "--field", "region=off"), 1, "There is no list “nothing”"),
        (("list", "wording", "region", "--language", "de", "--text", "Ja."), 1, "must name the list"),
        (("list", "wording", "region", "--language", "de", "--text", "x", "--shipped"), 2, "exclude each other"),
        (("list", "wording", "region", "--language", "fr"), 2, "fr"),
        (("topic", "add", "region", "Kultur", "--name", "x"), 1, "cannot be a short name"),
        (("topic", "remove", "region", "sport"), 1, "has no topic “sport”"),
        (("topic", "add", "region", "sport"), 2, "--name"),
    ],
)
def test_a_slip_of_the_pen_is_told_in_a_line(
    newsletter: Run, arguments: tuple[str, ...], status: int, message: str
) -> None:
    answer = newsletter(*arguments, status=status)

    assert message in " ".join(answer.err.split())
    assert "Traceback" not in answer.err
