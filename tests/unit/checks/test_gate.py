import ast
from pathlib import Path

from newsletter.checks import gate, rules
from newsletter.checks.finding import Severity
from newsletter.content import translating
from newsletter.content.blocks import Button, IssueContent, Story, Text
from newsletter.rendering.compiling import compile_issue
from tests.support.editions import a_frame, an_edition, the_design


def test_a_good_issue_has_no_findings() -> None:
    compiled = compile_issue(an_edition(), frame=a_frame(), design=the_design())

    assert gate.check(gate.Subject(content=an_edition(), compiled=compiled, frame=a_frame())) == ()


def test_every_file_laid_beside_the_rules_is_one() -> None:
    folder = Path(rules.__file__).parent
    files = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")

    assert list(gate.rule_names()) == files
    assert len(gate._rules()) == len(files)
    for name in files:
        functions = {
            node.name
            for node in ast.parse((folder / f"{name}.py").read_text()).body
            if isinstance(node, ast.FunctionDef)
        }
        assert "check" in functions, name


def test_a_rule_added_as_a_file_is_asked(tmp_path: Path, monkeypatch: object) -> None:
    import pytest

    assert isinstance(monkeypatch, pytest.MonkeyPatch)
    (tmp_path / "brand_new.py").write_text(
        "from newsletter.checks.finding import Finding, Severity\n"
        "def check(subject):\n"
        "    yield Finding('brand_new', Severity.WARNING, None, 'neu', subject.content.subject)\n"
    )
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    gate._rules.cache_clear()
    try:
        compiled = compile_issue(an_edition(), frame=a_frame(), design=the_design())
        found = gate.check(gate.Subject(content=an_edition(), compiled=compiled, frame=a_frame()))
    finally:
        gate._rules.cache_clear()

    assert [(finding.code, finding.en) for finding in found] == [("brand_new", an_edition().subject)]


def test_errors_come_first_then_the_issue_then_its_blocks_in_order() -> None:
    content = IssueContent(
        "",
        "",
        (
            Story("zwei", "TODO", "<p>x</p>", link="http://a.example"),
            Button("eins", "Los", ""),
            Text("drei", "<p>[[name]] TODO</p>"),
        ),
    )
    compiled = compile_issue(content, frame=a_frame(imprint=""), design=the_design())

    found = gate.check(gate.Subject(content=content, compiled=compiled, frame=a_frame(imprint="")))

    assert [(finding.severity.value, finding.block, finding.code) for finding in found] == [
        ("error", None, "imprint_missing"),
        ("error", None, "subject_missing"),
        ("error", "eins", "link_empty"),
        ("error", "drei", "fallback_missing"),
        ("warning", "zwei", "draft_left"),
        ("warning", "zwei", "link_unencrypted"),
        ("warning", "drei", "draft_left"),
    ]


def test_the_same_thing_is_said_once() -> None:
    content = IssueContent("S", "", (Story("s", "T", "<p>TODO und TODO</p>"),))
    compiled = compile_issue(content, frame=a_frame(), design=the_design())

    found = gate.check(gate.Subject(content=content, compiled=compiled, frame=a_frame()))

    assert [(finding.code, finding.severity) for finding in found] == [("draft_left", Severity.WARNING)]


def test_of_two_languages_what_is_wrong_in_both_is_said_once_and_in_the_second_alone_says_so() -> None:
    content = IssueContent("Neues", "x", (Story("b1", "TODO", "<p>Am See.</p>", link="https://a.example"),))
    both = translating.with_words(
        translating.begun(content, "en"), {"subject": "News", "preheader": "x", "b1.text": "<p>[[name]], come!</p>"}
    )
    in_english = translating.translated(both)
    first, second = (
        gate.Subject(content=each, compiled=compile_issue(each, frame=frame, design=the_design()), frame=frame)
        for each, frame in ((both, a_frame()), (in_english, a_frame(language="en")))
    )

    found = gate.check_both(first, second)

    assert [(each.code, each.block, each.language) for each in found] == [
        ("fallback_missing", "b1", "en"),
        ("draft_left", "b1", ""),
        ("words_missing", "b1", "en"),
    ]
    assert found[0].de.startswith("Auf Englisch: Das Feld [[name]]")
    assert found[0].en.startswith("In English: The field [[name]]")
