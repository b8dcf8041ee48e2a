from newsletter.delivery.refusals import RefusalWatch
from newsletter.delivery.verdicts import Reply, Step

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
LATER = Reply(Step.RCPT, 450, "4.2.0", "later")
UNKNOWN_USER = Reply(Step.RCPT, 550, "5.1.1", "no such user")
FULL = Reply(Step.RCPT, 552, "5.2.2", "full")


def _notes(replies: list[Reply]) -> list[str]:
    watch = RefusalWatch()
    return [watch.note(reply) for reply in replies]


def test_twenty_equal_refusals_in_a_row_stop_the_mailing() -> None:
    notes = _notes([UNKNOWN_USER] * 20)

    assert notes[:19] == [""] * 19
    assert notes[19] == "20 recipients in a row were refused alike: 550 5.1.1 no such user"


def test_another_reply_between_begins_the_row_anew() -> None:
    assert not any(_notes([UNKNOWN_USER] * 19 + [TAKEN] + [UNKNOWN_USER] * 19))
    assert not any(_notes([UNKNOWN_USER] * 19 + [FULL] + [UNKNOWN_USER] * 19))
    assert not any(_notes([UNKNOWN_USER] * 19 + [LATER] + [UNKNOWN_USER] * 19))


def test_temporary_refusals_stop_nothing() -> None:
    assert not any(_notes([LATER] * 500))


def test_more_than_half_of_the_last_200_stop_the_mailing() -> None:
    notes = _notes([TAKEN] * 1000 + [UNKNOWN_USER, FULL, UNKNOWN_USER, FULL, TAKEN] * 60)

    first = next(number for number, note in enumerate(notes) if note)
    assert notes[first].startswith("More than half of the last 200 recipients were refused")
    assert first == 1000 + 5 * 25  # 101 of them


def test_half_of_the_last_200_is_not_more_than_half() -> None:
    assert not any(_notes([UNKNOWN_USER, TAKEN] * 500))
