"""What people type wrong: one line on stderr, exit status 1 (2 for wrong usage), never a traceback."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run


def test_without_an_installation_every_command_says_how_to_make_one(run: Run, home: Path) -> None:
    answer = run("news", "list", status=1)

    assert answer.err == (
        f"Error: There is no installation in {home}. `newsletter init --admin YOU@EXAMPLE.ORG` makes one.\n"
    )


def test_init_twice_changes_nothing(run: Run, home: Path) -> None:
    run("init", "--admin", "ana@example.org")
    secret = (home / "secret").read_bytes()

    run("init")

    assert (home / "secret").read_bytes() == secret
    assert (home / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list", "create", "Über uns", "--name", "x"), "“Über uns” cannot be a short name"),
        (("list", "create", "region", "--name", "x"), "There is a list “region” already."),
        (("publication", "create", "p", "--list", "nowhere", "--name", "N", "--from", "a@b.de"), "no list “nowhere”"),
        (
            ("publication", "create", "p", "--list", "region", "--name", "N" * 201, "--from", "a@b.de"),
            "needs names of one line and at most 200 characters",
        ),
        (
            ("publication", "create", "p", "--list", "region", "--name", "N", "--from", "N" * 201 + " <a@b.de>"),
            "needs names of one line and at most 200 characters",
        ),
        (
            ("publication", "create", "p", "--list", "region", "--name", "N", "--from", "nobody"),
            "not an e-mail address",
        ),
        (
            ("publication", "create", "p", "--list", "region", "--name", "N", "--from", "a@b.de", "--design", "x"),
            "There is no design “x”. There is: regional.",
        ),
        (("publication", "set", "nowhere", "--imprint", "x"), "There is no publication “nowhere”."),
        (("publication", "set", "aktuell", "--imprint", "impressum.txt"), "There is no file impressum.txt."),
        (("publication", "set", "aktuell", "--brand", "/nowhere.toml"), "The brand file /nowhere.toml cannot be read"),
        (("news", "import", "/nowhere.html"), "/nowhere.html"),
        (("subscriber", "import", "/nowhere.csv", "--list", "region"), "nowhere.csv"),
        (("issue", "create", "aktuell", "--suggest"), "There is nothing new to suggest for “aktuell”"),
        (("issue", "create", "aktuell", "--items", "99"), "There is no news item 99"),
        (("issue", "check", "99"), "There is no issue 99."),
        (("issue", "approve", "99", "--by", "ben@example.org"), "There is no"),
        (("mailing", "statement", "99"), "There is no mailing 99"),
        (("consent", "export", "stranger@example.org"), "stranger@example.org"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_mistake_is_told_in_one_line(newsletter: Run, arguments: tuple[str, ...], sentence: str) -> None:
    answer = newsletter(*arguments, status=1)

    assert answer.err.startswith("Error: ")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("issue", "create", "aktuell"),
        ("issue", "create", "aktuell", "--suggest", "--items", "1"),
        ("issue", "create", "aktuell", "--items", "1,1"),
        ("issue", "create", "aktuell", "--items", "one"),
        ("issue", "send", "1", "--at", "2026-12-01T10:00"),
        ("issue", "send", "1", "--at", "morgen"),
        ("list", "create", "x"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_status_2(newsletter: Run, arguments: tuple[str, ...]) -> None:
    answer = newsletter(*arguments, status=2)

    assert "Traceback" not in answer.err


def test_a_setting_that_means_nothing_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_DEMO", "perhaps")

    answer = run("news", "list", status=1)

    assert answer.err.startswith("Error: NEWSLETTER_DEMO: ")
    assert answer.err.count("\n") == 1


def test_help_lists_every_command(run: Run) -> None:
    said = run("--help").out

    for command in (
        "init",
        "news",
        "list",
        "publication",
        "subscriber",
        "issue",
        "mailing",
        "consent",
        "worker",
        "serve",
    ):
        assert command in said


def test_a_change_of_nothing_is_wrong_usage(newsletter: Run) -> None:
    assert "Say what is to change" in newsletter("publication", "set", "aktuell", status=2).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("mailing", "statement", 2**31),
        ("issue", "check", 2**80),
        ("issue", "create", "aktuell", "--items", f"1,{2**63}"),
    ],
    ids=str,
)
def test_a_number_beyond_all_keys_is_wrong_usage(newsletter: Run, arguments: tuple[object, ...]) -> None:
    answer = newsletter(*arguments, status=2)

    assert "2147483647" in answer.err
    assert "Traceback" not in answer.err


def test_a_file_that_is_no_text_has_no_words(newsletter: Run, tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(b"P4\0\0")
    (tmp_path / "people.csv").write_text("email\nanna@example.org\n")

    answer = newsletter(
        "subscriber",
        "import",
        tmp_path / "people.csv",
        "--list",
        "region",
        "--consent-wording",
        tmp_path / "scan",
        status=2,
    )

    assert "is not a text in UTF-8." in answer.err


@pytest.mark.parametrize("arguments", [("worker", "--until-idle"), ("doctor",), ("list", "list"), ("init",)])
def test_nothing_runs_with_another_secret(newsletter: Run, home: Path, arguments: tuple[str, ...]) -> None:
    (home / "secret").write_text("ab" * 32, "ascii")

    assert "is not the one this database was made with" in newsletter(*arguments, status=1).err


def test_a_lost_secret_is_not_made_anew(newsletter: Run, home: Path) -> None:
    (home / "secret").unlink()

    assert "is not the one this database was made with" in newsletter("init", status=1).err
    assert not (home / "secret").exists()
