"""The pre-flight gate: every rule asked, its findings in the order in which people mend them.

    findings = check(Subject(content=content, compiled=compiled, frame=frame))

A rule is one file in `checks/rules` with a function `check(subject) -> Iterable[Finding]`. Adding
one is adding the file.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache

from newsletter.checks import rules
from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject

__all__ = ["Subject", "check", "rule_names"]

Rule = Callable[[Subject], Iterable[Finding]]


def check(subject: Subject) -> tuple[Finding, ...]:
    """Ask all rules; errors come first, then what concerns the whole issue, then block by block as in the issue."""
    places = {block.id: number for number, block in enumerate(subject.content.blocks)}
    findings = {finding: None for rule in _rules() for finding in rule(subject)}  # the same thing is said once
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                finding.severity is not Severity.ERROR,
                places.get(finding.block or "", -1),
                finding.code,
            ),
        )
    )


def rule_names() -> tuple[str, ...]:
    """The rules there are, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(rules.__path__)))


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(importlib.import_module(f"{rules.__name__}.{name}").check for name in rule_names())
