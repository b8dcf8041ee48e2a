import os
from pathlib import Path

import pytest

from newsletter.delivery.transports.maildir import MaildirTransport, MaildirUnusable
from newsletter.delivery.verdicts import Step, Verdict, verdict_on
from tests.support.relay import Client

MESSAGE = b"Subject: x\r\n\r\nwords\r\n"


def test_a_message_becomes_one_file_with_exactly_its_octets(tmp_path: Path) -> None:
    with Client(MaildirTransport(tmp_path / "mail")) as client:
        reply = client.send("us@example.org", "anna@example.org", MESSAGE)

    [file] = (tmp_path / "mail" / "new").iterdir()
    assert file.read_bytes() == MESSAGE
    assert (reply.step, reply.code, reply.enhanced) == (Step.FINAL_DOT, 250, "2.0.0")
    assert file.name in reply.text
    assert not list((tmp_path / "mail" / "tmp").iterdir())


def test_two_equal_messages_are_two_files(tmp_path: Path) -> None:
    with Client(MaildirTransport(tmp_path)) as client:
        for _ in range(2):
            client.send("us@example.org", "anna@example.org", MESSAGE)

    assert len(list((tmp_path / "new").iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_the_relays_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    transport = MaildirTransport(tmp_path / "file")

    with Client(transport) as client:
        reply = client.send("us@example.org", "anna@example.org", MESSAGE)

    assert verdict_on(reply) is Verdict.RELAY_RESTS
    with pytest.raises(MaildirUnusable, match="cannot be written to"):
        transport.check()


def test_a_full_disk_leaves_nothing_behind_and_no_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with Client(MaildirTransport(tmp_path)) as client:
        reply = client.send("us@example.org", "anna@example.org", MESSAGE)

    assert (reply.step, reply.code, reply.text) == (Step.BODY, None, "No space left on device")
    assert not list((tmp_path / "tmp").iterdir())
    assert not list((tmp_path / "new").iterdir())


def test_what_is_not_begun_is_not_written(tmp_path: Path) -> None:
    with Client(MaildirTransport(tmp_path)) as client:
        client.send("us@example.org", "anna@example.org", MESSAGE, begin=False)

    assert not list((tmp_path / "tmp").iterdir())
    assert not list((tmp_path / "new").iterdir())


def test_a_good_folder_passes_the_check(tmp_path: Path) -> None:
    MaildirTransport(tmp_path / "new one").check()
