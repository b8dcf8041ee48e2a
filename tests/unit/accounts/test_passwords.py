from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from newsletter.accounts import passwords
from newsletter.accounts.errors import PasswordRefused

GOOD = "richtig pferd batterie"


def test_a_password_is_kept_as_the_rfc_recommends() -> None:
    kept = passwords.hashed(GOOD)

    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.hashed(GOOD) != kept
    assert passwords.fits(kept, GOOD)
    assert not passwords.fits(kept, GOOD + " ")
    assert not passwords.is_outdated(kept)


def test_one_that_was_kept_with_less_is_outdated() -> None:
    assert passwords.is_outdated("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43)


@pytest.mark.usefixtures("quick_passwords")
@pytest.mark.parametrize("kept", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
def test_nothing_fits_what_is_no_password(kept: str) -> None:
    assert not passwords.fits(kept, GOOD)
    assert not passwords.fits(kept, "")


@pytest.mark.usefixtures("quick_passwords")
def test_the_same_letters_composed_otherwise_are_the_same_password() -> None:
    kept = passwords.hashed("Schlüssel im Gärtchen")

    assert passwords.fits(kept, "Schlu\u0308ssel im Ga\u0308rtchen")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "short"),
        ("elf zeichen", "short"),
        ("x" * 1001, "long"),
        ("ana.amann@example.org", "guessable"),
        ("ANA.AMANN@example.org ", "guessable"),
        ("Ana Maria Amann", "guessable"),
        ("............", "guessable"),
    ],
)
def test_some_passwords_are_refused(password: str, reason: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        passwords.check(password, address="ana.amann@example.org", name="Ana Maria Amann")

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "password", ["zwölf zeiche", "alles klein geschrieben", "123456789012", "🐎🔋📎" * 4, "x y" * 333]
)
def test_no_rule_asks_for_more_than_length(password: str) -> None:
    passwords.check(password, address="ana@example.org", name="")


def test_nobody_takes_as_long_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work is done for both: as much memory, as many rounds, a salt and a tag as long."""
    done: list[tuple[Parameters, int]] = []

    class Counting(PasswordHasher):
        def verify(self, kept: str | bytes, password: str | bytes) -> Literal[True]:
            done.append((extract_parameters(str(kept)), len(password)))
            return super().verify(kept, password)

    monkeypatch.setattr(passwords, "PasswordHasher", Counting)

    for stored in (passwords.hashed(GOOD), ""):
        assert not passwords.fits(stored, "falsch falsch falsch")

    assert done == [(RFC_9106_LOW_MEMORY, 20)] * 2
