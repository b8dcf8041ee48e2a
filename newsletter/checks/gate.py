"""The pre-flight gate: every rule asked, its findings in the order in which people mend them.

    findings = check(Subject(content=content, compiled=compiled, frame=frame))

A rule is one file in `checks/rules` with a function `check(subject) -> Iterable[Finding]`. Adding
one is adding the file.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from newsletter.checks import rules
from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.i18n import spoken

__all__ = ["Subject", "check", "rule_names"]

Rule = Callable[[Subject], Iterable[Finding]]


def check(subject: Subject) -> tuple[Finding, ...]:
    """Ask all rules; errors come first, then what concerns the whole issue, then block by block as in the issue."""
    return _sorted(_asked(subject), subject)


def check_both(first: Subject, second: Subject) -> tuple[Finding, ...]:
    """Ask all rules about both languages of an issue; what is wrong in the second one alone says so."""
    in_first = _asked(first)
    language = second.frame.language
    in_second = {_said_of(language, finding): None for finding in _asked(second) if finding not in in_first}
    return _sorted({**in_first, **in_second}, first)


def rule_names() -> tuple[str, ...]:
    """The rules there are, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(rules.__path__)))


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(importlib.import_module(f"{rules.__name__}.{name}").check for name in rule_names())


def _asked(subject: Subject) -> dict[Finding, None]:
    return {finding: None for rule in _rules() for finding in rule(subject)}  # the same thing is said once


def _sorted(findings: Iterable[Finding], subject: Subject) -> tuple[Finding, ...]:
    places = {block.id: number for number, block in enumerate(subject.content.blocks)}
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


def _said_of(language: str, finding: Finding) -> Finding:
    de, en = spoken(language, "de"), spoken(language, "en")
    return replace(finding, language=language, de=f"Auf {de}: {finding.de}", en=f"In {en}: {finding.en}")
