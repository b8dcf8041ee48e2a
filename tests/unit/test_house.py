"""Rules of the house that no other tool checks."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from newsletter.settings import Settings

CHECKOUT = Path(__file__).parents[2]
MOST_LINES = 400
# Made from pieces, so that this file keeps its own rule.
OF_ONE_MACHINE = re.compile("|".join((r"/" + r"work/", r"/" + r"home/\w", r"/" + r"root/", r"/" + r"Users/\w")))
REGISTRY = re.compile("|".join(("files[.]python" + "hosted", "pypi[.]org/" + "simple", "registry[.]" + "npmjs")))
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.]+)", re.MULTILINE)


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return tuple(path for name in listed.stdout.split("\0") if name and (path := CHECKOUT / name).is_file())


@cache
def texts() -> dict[Path, str]:
    """The tracked files that are text."""
    found = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found[path.relative_to(CHECKOUT)] = content.decode("utf-8", "replace")
    return found


def documents() -> dict[Path, str]:
    """What we wrote for people, apart from the press texts that tests read."""
    return {path: text for path, text in texts().items() if path.suffix == ".md" and path.parts[0] != "tests"}


def test_the_version_is_the_top_released_entry_of_the_changelog() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    top = re.search(r"^## \[?([0-9][\w.]*)", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert top
    assert top[1] == project["version"]


def test_every_module_holds_one_idea() -> None:
    lengths = {
        path: text.count("\n")
        for path, text in texts().items()
        if path.parts[0] in {"newsletter", "subscribers"} and path.suffix == ".py" and "versions" not in path.parts
    }

    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_file_names_a_machine_or_a_registry() -> None:
    named = [
        f"{path}: {match[0]}"
        for path, text in texts().items()
        for pattern in (OF_ONE_MACHINE, REGISTRY)
        for match in pattern.finditer(text)
    ]

    assert named == []


def test_readme_names_every_target_of_make() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    readme = (CHECKOUT / "README.md").read_text()

    assert len(targets) >= 10
    assert [target for target in targets if f"make {target}" not in readme] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    dead = [
        f"{path}: {target}"
        for path, text in documents().items()
        for target in LINK.findall(text)
        if "://" not in target and not (CHECKOUT / path.parent / target.partition("#")[0]).exists()
    ]

    assert dead == []


def test_every_path_that_a_document_names_exists() -> None:
    """A path in backticks with a folder and an ending: `newsletter/app.py`."""
    named = re.compile(r"`((?:newsletter|subscribers|templates|tests|docs)/[\w/.-]+\.\w+)`")
    gone = [
        f"{path}: {target}"
        for path, text in documents().items()
        for target in named.findall(text)
        if not (CHECKOUT / target).exists()
    ]

    assert gone == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    field = Settings.model_fields[name]
    variable = str(field.validation_alias or f"NEWSLETTER_{name.upper()}")

    assert f"`{variable}`" in (CHECKOUT / "docs/settings.md").read_text()


def test_the_tools_lock_holds_the_products_lock() -> None:
    product = dict(PIN.findall((CHECKOUT / "requirements.txt").read_text()))
    tools = dict(PIN.findall((CHECKOUT / "requirements-dev.txt").read_text()))

    assert len(product) > 30
    assert {name: (version, tools.get(name)) for name, version in product.items() if tools.get(name) != version} == {}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[\w.-]+==)", (CHECKOUT / lock).read_text())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
