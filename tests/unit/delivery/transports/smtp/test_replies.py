from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.transports.smtp.replies import REPLY_OCTETS, NotSmtp, ReplyReader, ServerReply
from newsletter.delivery.verdicts import Reply, Step

THREE = b"220 relay.test\r\n250-relay.test\r\n250-SIZE 1000\r\n250 HELP\r\n354\r\n"
MEANT = [
    ServerReply(220, ("relay.test",)),
    ServerReply(250, ("relay.test", "SIZE 1000", "HELP")),
    ServerReply(354, ("",)),
]


def _all(reader: ReplyReader) -> list[ServerReply]:
    found = []
    while reply := reader.take():
        found.append(reply)
    return found


@given(cuts=st.lists(st.integers(0, len(THREE)), max_size=8))
def test_however_it_is_cut_the_replies_are_the_same(cuts: list[int]) -> None:
    reader = ReplyReader()
    places = [0, *sorted(cuts), len(THREE)]
    for begin, end in pairwise(places):
        reader.feed(THREE[begin:end])

    assert _all(reader) == MEANT
    assert reader.is_silent


@given(octets=st.binary(max_size=200))
def test_nonsense_never_crashes_and_is_said_once(octets: bytes) -> None:
    reader = ReplyReader()
    reader.feed(octets)
    try:
        _all(reader)
    except NotSmtp:
        reader.feed(b"250 now it is well\r\n")
        with pytest.raises(NotSmtp):
            reader.take()


@pytest.mark.parametrize(
    "said",
    [b"hello there\r\n", b"2500 Ok\r\n", b"150 Ok\r\n", b"25\r\n", b"\r\n", b"250-one\r\n550 two\r\n", b"\xff\xfe\r\n"],
)
def test_what_is_no_reply_is_not_believed(said: bytes) -> None:
    reader = ReplyReader()
    reader.feed(said)

    with pytest.raises(NotSmtp):
        reader.take()


def test_half_a_line_is_news_but_no_reply() -> None:
    reader = ReplyReader()
    reader.feed(b"250 O")

    assert (reader.is_silent, reader.has_reply, reader.take()) == (False, False, None)


def test_a_line_may_end_in_lf_alone() -> None:
    reader = ReplyReader()
    reader.feed(b"250 Ok\n")

    assert reader.take() == ServerReply(250, ("Ok",))


@pytest.mark.parametrize("piece", [b"x" * 4096, b"250-more\r\n" * 400], ids=["a line", "lines"])
def test_a_reply_without_end_is_given_up(piece: bytes) -> None:
    reader = ReplyReader()
    reader.feed(b"250-first\r\n")
    for _ in range(REPLY_OCTETS // len(piece) + 2):
        reader.feed(piece)

    with pytest.raises(NotSmtp):
        reader.take()


def test_a_reply_of_several_lines_is_one_line_for_people() -> None:
    reply = ServerReply(550, ("5.1.1 no such", " user  here"))

    assert reply.at(Step.RCPT) == Reply(Step.RCPT, 550, "5.1.1", "no such user here")
