from pathlib import Path

import pytest

from newsletter.cli.context import settings
from newsletter.settings import Settings, SettingsInvalid


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "DATABASE_URL", "SMTP_URL", "BASE_URL", "DEMO", "TRUSTED_PROXIES"):
        monkeypatch.delenv(f"NEWSLETTER_{name}", raising=False)


def test_everything_lies_in_the_home_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))

    chosen = Settings()

    assert chosen.database_url == f"sqlite:///{tmp_path}/newsletter.db"
    assert chosen.smtp_url == f"maildir:{tmp_path}/maildir"
    assert chosen.media_folder == tmp_path / "media"


def test_a_relay_that_is_set_is_taken_and_its_password_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", "smtp://user:geheim@mail.example.org")

    chosen = Settings()

    assert chosen.smtp_url == "smtp://user:geheim@mail.example.org"
    assert "geheim" not in repr(chosen)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TIME_ZONE", "Berlin", "NEWSLETTER_TIME_ZONE: “Berlin” is no time zone; write it like Europe/Berlin"),
        ("TIME_ZONE", "../etc/passwd", "NEWSLETTER_TIME_ZONE: “../etc/passwd” is no time zone"),
        (
            "BASE_URL",
            "ftp://news.example.org",
            "NEWSLETTER_BASE_URL: “ftp://news.example.org” is no address of the web",
        ),
        ("BASE_URL", "news.example.org", "NEWSLETTER_BASE_URL: “news.example.org” is no address"),
        ("IMPRINT_URL", "/imprint", "NEWSLETTER_IMPRINT_URL: “/imprint” is no address of the web, such as https://"),
        ("PRIVACY_URL", "javascript:x()", "NEWSLETTER_PRIVACY_URL: “javascript:x()” is no address of the web"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", "NEWSLETTER_TRUSTED_PROXIES: 'proxy' does not appear to be an IPv4"),
        ("FRAME_ANCESTORS", "verein.example", "NEWSLETTER_FRAME_ANCESTORS: “verein.example” are no sites; write * or"),
        (
            "FRAME_ANCESTORS",
            "https://a.example; script-src *",
            "NEWSLETTER_FRAME_ANCESTORS: “https://a.example;",
        ),
        ("FRAME_ANCESTORS", "", "NEWSLETTER_FRAME_ANCESTORS: “” are no sites"),
        ("SIGN_UPS_AT_ONCE", "0", "NEWSLETTER_SIGN_UPS_AT_ONCE: Input should be greater than or equal to 1"),
        ("DEMO", "maybe", "NEWSLETTER_DEMO: Input should be a valid boolean"),
        ("ALERTS_SMTP_URL", "u:geheim@mail.example.org", "NEWSLETTER_ALERTS_SMTP_URL: the url of a relay begins with"),
        ("ALERTS_MAIL_TO", "ana@example.org, ben", "NEWSLETTER_ALERTS_MAIL_TO: “ben” is not an e-mail address"),
        ("ALERTS_WEBHOOK", "https://u:geheim@a.example", "NEWSLETTER_ALERTS_WEBHOOK: the web hook has a user or"),
        ("ALERTS_WEBHOOK_SECRET", "geheim", "NEWSLETTER_ALERTS_WEBHOOK_SECRET: the secret of the web hook has"),
    ],
)
def test_a_setting_that_cannot_be_meant_so_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)

    with pytest.raises(SettingsInvalid) as raised:
        settings()

    assert str(raised.value).startswith(sentence)
    assert "\n" not in str(raised.value)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("http://127.0.0.1:8000", True), ("http://localhost", True), ("http://[::1]:1/", True), ("https://a.org", False)],
)
def test_an_address_of_this_machine_alone_is_known(url: str, loopback: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setenv("NEWSLETTER_BASE_URL", url)

    assert Settings().is_loopback is loopback
