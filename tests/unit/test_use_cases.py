"""Every use-case knows who acts: it asks for the right, or hands the actor on to one that does."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# They read and change nothing, so the audit log has nothing to tell of them.
READ_ONLY = {
    "subscribers/consent/export.py:export",
    "subscribers/exporting.py:show",
    "subscribers/exporting.py:lines",
    "subscribers/suppressing/exporting.py:lines",
}

# Parts of use-cases, which have asked already: a consequence of a change, not an act of its own.
PARTS = {
    "newsletter/issues/approvals.py:void",
    "subscribers/audit.py:record",
    "subscribers/consent/records.py:append",
    "subscribers/suppression.py:add_hash",
    "subscribers/suppression.py:lift_hash",
}
# Their audit row is that of the use-case that calls them; a consent record is its own log.
WITHOUT_ROW = READ_ONLY | {
    "newsletter/accounts/own_account.py:require_oneself",
    "subscribers/audit.py:record",
    "subscribers/consent/records.py:append",
}


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for room in ("newsletter", "subscribers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.is_relative_to(ROOT / "newsletter" / "cli"):
                continue
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield f"{path.relative_to(ROOT)}:{node.name}", node


def _takes_actor(function: ast.FunctionDef) -> bool:
    return any(argument.arg == "by" for argument in function.args.kwonlyargs)


@cache
def _use_cases() -> dict[str, ast.FunctionDef]:
    return {name: function for name, function in _functions() if _takes_actor(function)}


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def _hands_actor_on(function: ast.FunctionDef, *, but_to: str = "") -> bool:
    return any(
        keyword.arg == "by" and not ast.unparse(call.func).endswith(but_to or "\0")
        for call in _calls(function)
        for keyword in call.keywords
    )


def _asks_for_a_right(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(call.func) == "by.require" for call in _calls(function))


def _writes_audit(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(call.func) == "audit.record" for call in _calls(function))


def test_there_are_use_cases_to_look_at() -> None:
    assert len(_use_cases()) > 30
    assert set(_use_cases()) >= PARTS | WITHOUT_ROW


def test_every_use_case_asks_for_a_right_or_hands_the_actor_on() -> None:
    wrong = [
        name
        for name, function in _use_cases().items()
        if name not in PARTS
        if not _asks_for_a_right(function) and not _hands_actor_on(function, but_to="audit.record")
    ]

    assert wrong == []


def test_every_use_case_writes_an_audit_row_or_hands_the_actor_on() -> None:
    wrong = [
        name
        for name, function in _use_cases().items()
        if name not in WITHOUT_ROW
        if not _writes_audit(function) and not _hands_actor_on(function)
    ]

    assert wrong == []
