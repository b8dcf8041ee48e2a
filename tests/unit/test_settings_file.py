from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.settings import Settings
from newsletter.settings_file import AlertSettings, RetentionSettings, SettingsFile, SettingsFileInvalid, read

FULL = """
# Relays in the order in which they are tried.
[[relay]]
url = "smtp://user:geheim@one.example.org:587?connections=10"

[[relay]]  # the other house
url = "smtps://two.example.org"

[alerts]
smtp_url = "smtp://user:geheim@three.example.org"
mail_from = "newsletter@example.org"
mail_to = ["ana@Example.org", "ben@example.org", "ana@example.org"]
webhook = "https://chat.example.org/hooks/geheim"
webhook_secret = "geheim-geheim-geheim"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "newsletter.toml"


def test_everything_the_file_can_say_is_read(path: Path) -> None:
    path.write_text(FULL)

    found = read(path)

    assert found.relay_urls == (
        "smtp://user:geheim@one.example.org:587?connections=10",
        "smtps://two.example.org",
    )
    assert found.alerts == AlertSettings(
        smtp_url="smtp://user:geheim@three.example.org",
        mail_from="newsletter@example.org",
        mail_to=("ana@example.org", "ben@example.org"),
        webhook="https://chat.example.org/hooks/geheim",
        webhook_secret="geheim-geheim-geheim",
    )
    assert "geheim" not in repr(found)


def test_a_file_that_is_not_there_and_an_empty_one_say_nothing(path: Path) -> None:
    assert read(path) == SettingsFile()

    path.write_text("# nothing yet\n")

    assert read(path) == SettingsFile()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[[relay]]\nurl = "smtp://u:geheim@a.example', 2, "this is no valid TOML"),
        ("[[relay]]\nurl = smtp://u:geheim@a.example\n", 2, "this is no valid TOML"),
        ("[alerts]\n[alerts]\n", 2, "this is no valid TOML"),
        ('"smtp://u:geheim@a.example"\n', 1, "this is no valid TOML"),
        (
            '"smtp://u:geheim@a.example" = 1\n',
            None,
            "there is no such key; there are [[relay]], [alerts], [retention] and [oidc]",
        ),
        (
            '\n[relais]\nurl = "smtp://a"\n',
            2,
            "there is no “relais”; there are [[relay]], [alerts], [retention] and [oidc]",
        ),
        ('url = "smtp://u:geheim@a"\n', 1, "there is no “url”; there are [[relay]], [alerts], [retention] and [oidc]"),
        ('[relay]\nurl = "smtp://a"\n', 1, "a relay is written as [[relay]], in two brackets"),
        ('relay = "smtp://u:geheim@a"\n', 1, "a relay is written as [[relay]], in two brackets"),
        ("[[relay]]\n", 1, "this relay has no url"),
        ('[[relay]]\nurl = "smtp://a"\n\n[[relay]]\n', 4, "this relay has no url"),
        (
            '[[relay]]\nurl = "smtp://a"\nweight = 3\n',
            3,
            "a relay has no “weight”, only url; its share is the connections= in its url",
        ),
        ('[[relay]]\nurl = "smtp://a"\ncolour = 3\n', 3, "a relay has no “colour”, only url"),
        ("[[relay]]\nurl = 25\n", 2, "the url of a relay begins with smtp://, smtps:// or maildir:"),
        ('[[relay]]\nurl = "u:geheim@a"\n', 2, "the url of a relay begins with smtp://"),
        ('[[relay]]\nurl = "smtp://a"\n[[relay]]\nurl = "smtp://a"\n', 4, "this relay stands here twice"),
        ("[[retention]]\n", 1, "this is written as [retention], in one pair of brackets"),
        (
            "[retention]\nmails = 3\n",
            2,
            "[retention] has no “mails”, only unconfirmed, new_addresses, imported, left, erased, deliveries",
        ),
        ("[retention]\naudit = 0\n", 2, "days are a whole number from 1 to 36500"),
        ("[retention]\nunconfirmed = 14\n", 2, "days are a whole number from 15 to 36500"),
        ("[retention]\nerased = -1\n", 2, "days are a whole number from 0 to 36500"),
        ("[retention]\nleft = true\n", 2, "days are a whole number from 1 to 36500"),
        ('[retention]\nleft = "3 years"\n', 2, "days are a whole number from 1 to 36500"),
        ("[[alerts]]\n", 1, "this is written as [alerts], in one pair of brackets"),
        ("[alerts]\nto = []\n", 2, "[alerts] has no “to”, only smtp_url, mail_from, mail_to, webhook, webhook_secret"),
        ('[alerts]\nsmtp_url = "http://u:geheim@a"\n', 2, "the url of a relay begins with smtp://"),
        ('[alerts]\nmail_to = "ana@example.org"\n', 2, "addresses are a list, as in mail_to = ["),
        ('[alerts]\nmail_to = ["ana"]\n', 2, "“ana” is not an e-mail address"),
        ("[alerts]\nmail_from = 1\n", 2, "“” is not an e-mail address"),
        ('[alerts]\nwebhook = "chat.example.org/geheim"\n', 2, "the web hook is no address of the web"),
        ('[alerts]\nwebhook = "https://[::1/geheim"\n', 2, "the web hook is no address of the web"),
        ('[alerts]\nwebhook = "http://chat.example.org/geheim"\n', 2, "the web hook must be https"),
        ('[alerts]\nwebhook = "https://u:geheim@a.example"\n', 2, "the web hook has a user or a password"),
        ('[alerts]\nwebhook_secret = "geheim"\n', 2, "the secret of the web hook has at least 16 characters"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line_and_no_secret(
    path: Path, text: str, line: int | None, reason: str
) -> None:
    path.write_text(text)

    with pytest.raises(SettingsFileInvalid) as raised:
        read(path)

    place = f", line {line}" if line else ""
    assert str(raised.value).startswith(f"{path}{place}: {reason}")
    assert "geheim" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(SettingsFileInvalid, match="it cannot be read"):
        read(path)

    path.rmdir()
    path.write_bytes(b"# caf\xe9\n")
    with pytest.raises(SettingsFileInvalid, match="not a text in UTF-8"):
        read(path)


@given(st.text(alphabet="[]relayts.\"=#\n \\'u@:/", max_size=60))
def test_whatever_stands_in_the_file_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text)

    with suppress(SettingsFileInvalid):
        read(path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SMTP_URL", "ALERTS_SMTP_URL", "ALERTS_MAIL_TO", "ALERTS_WEBHOOK", "ALERTS_WEBHOOK_SECRET"):
        monkeypatch.delenv(f"NEWSLETTER_{name}", raising=False)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    return tmp_path


def test_the_relays_of_the_file_are_taken_and_alerts_go_over_their_own(home: Path, path: Path) -> None:
    path.write_text(FULL)

    chosen = Settings()

    assert chosen.relay_urls == chosen.file.relay_urls
    assert chosen.smtp_url == "smtp://user:geheim@one.example.org:587?connections=10"
    assert chosen.alerts.smtp_url == "smtp://user:geheim@three.example.org"
    assert chosen.has_relay
    assert "geheim" not in repr(chosen)
    assert home == path.parent


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("relays", "alerts"),
    [(["smtp://a"], "smtp://a"), (["smtp://a", "smtp://b", "smtp://c"], "smtp://b")],
)
def test_alerts_go_over_the_second_relay_where_there_is_one(path: Path, relays: list[str], alerts: str) -> None:
    path.write_text("".join(f'[[relay]]\nurl = "{url}"\n' for url in relays))

    assert Settings().alerts.smtp_url == alerts


def test_without_any_relay_mail_and_alerts_stay_in_the_home(home: Path) -> None:
    chosen = Settings()

    assert chosen.relay_urls == (f"maildir:{home}/maildir",)
    assert chosen.alerts.smtp_url == f"maildir:{home}/maildir"
    assert not chosen.has_relay


@pytest.mark.usefixtures("home")
def test_the_environment_overrides_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(FULL)
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", "maildir:trial")
    monkeypatch.setenv("NEWSLETTER_ALERTS_SMTP_URL", "maildir:alerts")
    monkeypatch.setenv("NEWSLETTER_ALERTS_MAIL_TO", "cem@example.org, dana@example.org")

    chosen = Settings()

    assert chosen.relay_urls == ("maildir:trial",)
    assert chosen.alerts.smtp_url == "maildir:alerts"
    assert chosen.alerts.mail_to == ("cem@example.org", "dana@example.org")
    assert chosen.alerts.webhook == "https://chat.example.org/hooks/geheim"


@pytest.mark.usefixtures("home")
def test_a_mistake_in_the_file_is_told_when_the_settings_are_read(path: Path) -> None:
    path.write_text("[[relay]]\n")

    with pytest.raises(SettingsFileInvalid, match=r"line 1: this relay has no url"):
        Settings()


@pytest.mark.usefixtures("home")
def test_a_file_that_others_can_read_is_a_problem(path: Path) -> None:
    path.write_text(FULL)
    path.chmod(0o640)
    assert "others can read it" in Settings().private_problems()[0]

    path.chmod(0o600)
    assert Settings().private_problems() == ()


def test_days_are_read_and_the_others_stay_as_they_are(path: Path) -> None:
    path.write_text("[retention]\ndeliveries = 180\nerased = 730\n")

    assert read(path).retention == RetentionSettings(deliveries=180, erased=730)
    assert read(path).retention.left == 1095
