"""What `make` does first on a machine that lacks something; stand-ins write down how they were called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "cksum", "cp", "dirname", "find", "grep", "mkdir", "mktemp", "rm", "sort")
SERVERS = "chromium fonts-liberation fonts-noto-color-emoji libatomic1 postgresql"

# Python 3.11, whose venv support is there once apt-get installed it.
PYTHON = """#!/bin/sh
case "$*" in
    --version) echo "Python 3.11.2" ;;
    *print*) echo 3.11 ;;
    *ensurepip*) [ -e "$MACHINE/python3.11-venv" ] ;;
    *"-m venv"*) echo "$*" >>"$MACHINE/calls"; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *"pip --version"*) ;;
    *"pip install"*) echo "pip install ${*##*check }" >>"$MACHINE/calls" ;;
esac
"""
OLD_PYTHON = """#!/bin/sh
case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac
"""
LDCONFIG = """#!/bin/sh
[ ! -e "$MACHINE/libatomic1" ] || echo "libatomic.so.1 (libc6,x86-64)"
"""
APT = """#!/bin/sh
echo "apt-get $*" >>"$MACHINE/calls"
for package; do :>"$MACHINE/$package"; done
[ ! -e "$MACHINE/chromium" ] || cp "$0" "$MACHINE/bin/chromium"
[ ! -e "$MACHINE/postgresql" ] || cp "$0" "$MACHINE/bin/postgres"
"""


class Machine:
    """A folder that is all of PATH, and a fresh checkout."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            real = shutil.which(tool)
            assert real
            (self.bin / tool).symlink_to(real)
        self.checkout = folder / "checkout"
        shutil.copytree(CHECKOUT / ".ci", self.checkout / ".ci")
        for name in ("pyproject.toml", "hatch_build.py", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(CHECKOUT / name, self.checkout)
        frontend = self.checkout / "newsletter/web/frontend"
        frontend.mkdir(parents=True)
        (frontend / "staff.js").write_text("")
        self.folder = folder
        self.command("python3", PYTHON)
        self.command("apt-get", APT)
        self.command("ldconfig", LDCONFIG)
        self.user(0)

    def command(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def user(self, number: int) -> None:
        self.command("id", f"#!/bin/sh\necho {number}\n")

    def prepare(self, what: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it; `calls` then holds what it did, this time only."""
        (self.folder / "calls").write_text("")
        return subprocess.run(
            [str(self.checkout / ".ci/prepare"), what],
            env={"PATH": str(self.bin), "MACHINE": str(self.folder), "TMPDIR": str(self.folder), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_root_gets_what_is_missing_and_then_the_locked_packages(machine: Machine) -> None:
    done = machine.prepare("test")

    assert done.returncode == 0, done.stderr
    assert machine.calls == [
        "apt-get -q update",
        f"apt-get -q install -y --no-install-recommends python3.11-venv {SERVERS}",
        "-m venv --clear .venv",
        "pip install --require-hashes -r requirements-dev.txt",
        "pip install --no-deps --no-build-isolation -e .",
    ]


def test_the_product_alone_needs_neither_browser_nor_server(machine: Machine) -> None:
    machine.prepare("run")

    assert "apt-get -q install -y --no-install-recommends python3.11-venv" in machine.calls
    assert "pip install --require-hashes -r requirements.txt" in machine.calls


@pytest.mark.parametrize(
    ("what", "packages"),
    [
        pytest.param("run", "python3.11-venv", id="product"),
        pytest.param("test", f"python3.11-venv {SERVERS}", id="tests"),
    ],
)
def test_others_are_told_the_one_line_to_type_before_anything_is_done(
    machine: Machine, what: str, packages: str
) -> None:
    machine.user(1000)

    done = machine.prepare(what)

    assert done.returncode == 1
    assert done.stderr == (
        f"make: please type this, then try again: sudo sh -c 'apt-get update && apt-get install -y {packages}'\n"
    )
    assert machine.calls == []
    assert not (machine.checkout / ".venv").exists()


def test_without_apt_get_the_packages_are_named(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()

    done = machine.prepare("run")

    assert done.returncode == 1
    assert done.stderr == "make: please install what these Debian packages hold, then try again: python3.11-venv\n"


def test_apt_get_failing_shows_what_it_said(machine: Machine) -> None:
    machine.command("apt-get", "#!/bin/sh\necho 'the disk is full'\nexit 100\n")

    done = machine.prepare("run")

    assert done.returncode == 1
    assert done.stderr == "the disk is full\nmake: apt-get could not install python3.11-venv\n"


def test_a_machine_without_python_says_how_to_name_one(machine: Machine) -> None:
    (machine.bin / "python3").unlink()

    done = machine.prepare("run")

    assert done.returncode == 1
    assert done.stderr == (
        "make: python3 is not there. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3\n"
    )


def test_an_old_python_is_refused_and_another_can_be_named(machine: Machine) -> None:
    machine.command("python3", OLD_PYTHON)
    machine.command("python3.11", PYTHON)

    refused = machine.prepare("run")
    taken = machine.prepare("run", PYTHON="python3.11")

    assert refused.returncode == 1
    assert refused.stderr == (
        "make: python3 is Python 3.9; 3.11 or newer is needed. Name one: make PYTHON=python3.11\n"
    )
    assert taken.returncode == 0, taken.stderr


def test_what_is_ready_is_left_alone(machine: Machine) -> None:
    done = [machine.prepare("test") for _ in range(2)]

    assert [one.stderr for one in done] == ["", ""]
    assert machine.calls == []


def test_a_changed_frontend_is_bundled_anew(machine: Machine) -> None:
    machine.prepare("run")
    (machine.checkout / "newsletter/web/frontend/staff.js").write_text("// changed")

    machine.prepare("run")

    assert "pip install --no-deps --no-build-isolation -e ." in machine.calls


def test_the_tools_environment_is_enough_for_the_product(machine: Machine) -> None:
    machine.prepare("dev")

    machine.prepare("run")

    assert machine.calls == []


def test_a_changed_lock_is_installed_into_the_same_environment(machine: Machine) -> None:
    machine.prepare("run")
    with (machine.checkout / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")

    machine.prepare("run")

    assert machine.calls == [
        "pip install --require-hashes -r requirements.txt",
        "pip install --no-deps --no-build-isolation -e .",
    ]


def test_a_set_up_cut_short_is_taken_up_again(machine: Machine) -> None:
    machine.command("python3", PYTHON.replace('"$MACHINE/calls" ;;\nesac', '"$MACHINE/calls"; exit 1 ;;\nesac'))
    cut = machine.prepare("run")
    machine.command("python3", PYTHON)
    shutil.copy(machine.bin / "python3", machine.checkout / ".venv/bin/python")

    done = machine.prepare("run")

    assert (cut.returncode, done.returncode) == (1, 0)
    assert "pip install --require-hashes -r requirements.txt" in machine.calls


def test_a_checkout_that_moved_is_prepared_anew(machine: Machine) -> None:
    machine.prepare("run")
    moved = machine.folder / "moved"
    machine.checkout.rename(moved)
    machine.checkout = moved

    machine.prepare("run")

    assert "pip install --no-deps --no-build-isolation -e ." in machine.calls


def test_make_lists_every_target_with_its_sentence() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=CHECKOUT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    ).stdout

    targets = {line.split()[1]: line.split(maxsplit=2)[2] for line in listed.splitlines()}
    assert {"demo", "test", "check", "fix", "serve", "bench", "lock", "clean", "migration", "help"} <= targets.keys()
    assert all(sentence.rstrip().endswith(".") for sentence in targets.values())
