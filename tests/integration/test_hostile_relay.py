"""The hostile relay does what it was told, and its memory is true: what fault tests are measured by."""

import os
import random
import signal
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.hostile_relay import HostileRelay
from tests.support.hostility import ANSWERS, REFUSALS, Chances, Fault, Rule, Step, Struck, Taken
from tests.support.makers import assets

pytestmark = pytest.mark.slow

MESSAGE = b"Subject: hello\r\nMessage-ID: <7@news.example>\r\n\r\nHello.\r\n..\r\nStill hello.\r\n"
# What brings a client to each step, and the reply that is right there.
WAY = [
    (Step.GREETING, b"", b"220 "),
    (Step.EHLO, b"EHLO client.test\r\n", b"250 "),
    (Step.AUTH, b"AUTH PLAIN AGFubmEAc2VjcmV0\r\n", b"235 "),
    (Step.RSET, b"RSET\r\n", b"250 "),
    (Step.MAIL, b"MAIL FROM:<presse@example.org> SIZE=100\r\n", b"250 "),
    (Step.RCPT, b"RCPT TO:<anna@example.org>\r\n", b"250 "),
    (Step.DATA, b"DATA\r\n", b"354 "),
    (Step.FINAL_DOT, MESSAGE + b".\r\n", b"250 "),
]
DICE = random.Random(1)  # noqa: S311  # to be drawn again
RIGHT = {step: right for step, _, right in WAY}
STEPS = list(RIGHT)


class Client:
    """Says octets and hears octets."""

    def __init__(self, relay: HostileRelay) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", relay.port), timeout=10)
        self._heard = b""

    def say(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def reply(self) -> bytes:
        """One whole reply: its last line."""
        while True:
            line, found, rest = self._heard.partition(b"\r\n")
            if found:
                self._heard = rest
                if line[3:4] != b"-":
                    return line
                continue
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionResetError
            self._heard += more

    def ask(self, octets: bytes) -> bytes:
        self.say(octets)
        return self.reply()

    def until(self, step: Step) -> bytes:
        """Go the right way up to a step; give what takes it."""
        for each, octets, right in WAY:
            if each is step:
                return octets
            assert self.ask(octets).startswith(right), each
        raise AssertionError(step)

    def send(self, recipient: str = "anna@example.org") -> bytes:
        """Hand over one message after the greeting and EHLO; give the last reply."""
        self.ask(b"MAIL FROM:<presse@example.org>\r\n")
        said = self.ask(b"RCPT TO:<%s>\r\n" % recipient.encode())
        if not said.startswith(b"250"):
            return said
        self.ask(b"DATA\r\n")
        return self.ask(MESSAGE + b".\r\n")

    def rest(self, *, seconds: float = 0.3) -> bytes:
        """Whatever else comes, until the end or for so long."""
        self.socket.settimeout(seconds)
        heard, self._heard = self._heard, b""
        while len(heard) < 1_000_000:
            try:
                more = self.socket.recv(65_536)
            except TimeoutError:
                return heard
            if not more:
                break
            heard += more
        return heard

    def is_cut_off(self) -> bool:
        self.socket.settimeout(5)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def calling(relay: HostileRelay) -> Iterator[Client]:
    client = Client(relay)
    with client.socket:
        yield client


@contextmanager
def introduced(relay: HostileRelay) -> Iterator[Client]:
    with calling(relay) as client:
        client.until(Step.AUTH)
        yield client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileRelay]:
    with HostileRelay(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def relay(shared: HostileRelay) -> Iterator[HostileRelay]:
    yield shared
    shared.obey()


def met(relay: HostileRelay, *rules: Rule) -> tuple[Client, int, int]:
    """A client under these rules, and how much was taken and struck before."""
    taken, struck = len(relay.taken), len(relay.struck)
    relay.obey(rules)
    return Client(relay), taken, struck


def test_without_orders_it_keeps_to_smtp_and_remembers_every_recipient(tmp_path: Path) -> None:
    with HostileRelay(tmp_path) as relay, introduced(relay) as client:
        assert client.send() == b"250 2.0.0 ok"
        client.ask(b"MAIL FROM:<presse@example.org>\r\n")
        client.ask(b"RCPT TO:<ben@example.org>\r\n")
        client.ask(b"RCPT TO:<carl@example.org>\r\n")
        client.ask(b"DATA\r\n")
        client.ask(MESSAGE + b".\r\n")
        assert client.ask(b"QUIT\r\n").startswith(b"221")

        names = ("anna", "ben", "carl")
        assert relay.taken == [Taken(f"{name}@example.org", "<7@news.example>", 1) for name in names]
        assert relay.received == {f"{name}@example.org": ["<7@news.example>"] for name in names}
        assert relay.struck == []


def test_commands_in_one_piece_are_answered_in_turn(relay: HostileRelay) -> None:
    relay.obey([Rule(Step.RCPT, "550 5.1.1 nobody")])
    with introduced(relay) as client:
        client.say(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nRSET\r\nNOOP\r\n")

        replies = [client.reply()[:3] for _ in range(5)]

    assert replies == [b"250", b"550", b"503", b"250", b"500"]


def test_a_lone_dot_ends_an_empty_message(relay: HostileRelay) -> None:
    with introduced(relay) as client:
        for command in (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.org>\r\n", b"DATA\r\n"):
            client.ask(command)

        assert client.ask(b".\r\n") == b"250 2.0.0 ok"
        assert client.ask(b"RSET\r\n") == b"250 2.0.0 ok"
    assert relay.taken[-1].message_id == ""


def test_a_message_in_small_pieces_is_one_message(relay: HostileRelay) -> None:
    client = Client(relay)
    with client.socket:
        for octet in client.until(Step.FINAL_DOT):
            client.say(bytes((octet,)))

        assert client.reply() == b"250 2.0.0 ok"
    assert relay.taken[-1].message_id == "<7@news.example>"


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_is_said_at_its_step_and_takes_nothing(relay: HostileRelay, step: Step, refusal: str) -> None:
    client, taken, struck = met(relay, Rule(step, refusal))
    with client.socket:
        client.say(client.until(step))

        assert client.reply() == refusal.encode()
        assert len(relay.taken) == taken
        assert relay.struck[struck:] == [Struck(step, refusal, taken=False, connection=relay.struck[-1].connection)]
        if refusal.startswith("421"):
            assert client.is_cut_off()
        else:
            assert client.ask(b"RSET\r\n") == b"250 2.0.0 ok"


@pytest.mark.parametrize("step", [Step.CONNECT, *STEPS])
def test_a_drop_cuts_off_at_its_step(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.DROP))
    with client.socket:
        client.say(b"" if step is Step.CONNECT else client.until(step))

        assert client.is_cut_off()
    assert len(relay.taken) == taken


@pytest.mark.parametrize("step", [Step.CONNECT, *STEPS])
def test_silence_is_silence(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.SILENCE))
    with client.socket:
        client.say(b"" if step is Step.CONNECT else client.until(step))

        assert client.rest(seconds=0.1) == b""
    assert len(relay.taken) == taken


@pytest.mark.parametrize("step", STEPS)
def test_half_a_line_is_never_ended(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.HALF_LINE))
    with client.socket:
        client.say(client.until(step))

        assert client.rest(seconds=0.1) == {Step.GREETING: b"22", Step.AUTH: b"23", Step.DATA: b"35"}.get(step, b"25")
    assert len(relay.taken) == taken


@pytest.mark.parametrize("step", STEPS)
def test_garbage_is_a_line_that_is_no_reply(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.GARBAGE))
    with client.socket:
        client.say(client.until(step))

        assert client.reply() == b"\x16\x03\x01 hello there\0"
    assert len(relay.taken) == taken


@pytest.mark.parametrize("step", STEPS)
def test_an_endless_reply_has_no_last_line(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.ENDLESS))
    with client.socket:
        client.say(client.until(step))

        lines = client.rest(seconds=5).split(b"\r\n")[:-1]
    assert len(lines) > 10_000
    assert {line[3:4] for line in lines} == {b"-"}
    assert len(relay.taken) == taken


@pytest.mark.parametrize("step", STEPS)
def test_two_replies_at_once_are_the_right_one_twice(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.TWICE))
    with client.socket:
        client.say(client.until(step))

        assert client.reply() == client.reply()
    assert len(relay.taken) == taken + (step is Step.FINAL_DOT)


@pytest.mark.parametrize("step", STEPS)
def test_a_reply_byte_by_byte_is_the_right_one(relay: HostileRelay, step: Step) -> None:
    client, taken, _ = met(relay, Rule(step, Fault.BYTEWISE))
    with client.socket:
        client.say(client.until(step))

        assert len(client.socket.recv(4096, socket.MSG_PEEK)) < 4
        assert client.reply().startswith(RIGHT[step])
    assert len(relay.taken) == taken + (step is Step.FINAL_DOT)


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, Fault.HALF_LINE, Fault.GARBAGE, Fault.ENDLESS])
def test_a_message_may_be_taken_though_nothing_says_so(relay: HostileRelay, fault: Fault) -> None:
    client, taken, struck = met(relay, Rule(Step.FINAL_DOT, fault, taken=True))
    with client.socket:
        client.say(client.until(Step.FINAL_DOT))

        assert not client.rest(seconds=0.2).startswith(b"250 ") if fault is not Fault.DROP else client.is_cut_off()
    assert [each.recipient for each in relay.taken[taken:]] == ["anna@example.org"]
    assert relay.struck[struck].taken


@pytest.mark.parametrize("answer", [Fault.DROP, "421 4.3.2 going down", "552 5.3.4 too much"])
def test_a_message_may_be_broken_off_before_its_dot(relay: HostileRelay, answer: Fault | str) -> None:
    client, taken, _ = met(relay, Rule(Step.BODY, answer))
    with client.socket:
        client.until(Step.FINAL_DOT)
        client.say(MESSAGE)

        if not isinstance(answer, Fault):
            assert client.reply() == answer.encode()
        assert client.is_cut_off()
    assert len(relay.taken) == taken


def test_a_rule_may_be_about_one_connection_one_recipient_and_later_visits(tmp_path: Path) -> None:
    rules = [
        Rule(Step.GREETING, "554 5.0.0 no", connection=2),
        Rule(Step.RCPT, "452 4.2.2 full", to="ben@example.org", after=1, times=2),
    ]
    with HostileRelay(tmp_path, rules) as relay:
        with introduced(relay) as first, calling(relay) as second:
            assert second.reply() == b"554 5.0.0 no"
            said = [first.send("ben@example.org")[:3] for _ in range(4)]
            assert first.send("carl@example.org") == b"250 2.0.0 ok"
        with calling(relay) as third:
            assert third.reply().startswith(b"220")

        assert said == [b"250", b"452", b"452", b"250"]
        assert len(relay.received["ben@example.org"]) == 2


def test_new_orders_count_on_open_connections(relay: HostileRelay) -> None:
    with introduced(relay) as client:
        relay.obey([Rule(Step.MAIL, "451 4.3.0 local error", times=1000)])
        refused = client.ask(b"MAIL FROM:<a@example.org>\r\n")
        relay.obey()

        assert refused == b"451 4.3.0 local error"
        assert client.ask(b"MAIL FROM:<a@example.org>\r\n").startswith(b"250")


def said_under(folder: Path, chances: Chances) -> list[list[bytes]]:
    """What two connections, one after the other, were told."""
    folder.mkdir()
    with HostileRelay(folder, chances=chances) as relay:
        heard = []
        for _ in range(2):
            with introduced(relay) as client:
                heard.append([client.ask(b"MAIL FROM:<a@example.org>\r\n") for _ in range(30)])
        assert len(relay.struck) == sum(said != b"250 2.1.0 ok" for each in heard for said in each)
    return heard


def test_chances_are_drawn_by_the_seed_alone(tmp_path: Path) -> None:
    refusals: Sequence[str] = ("451 4.3.0 local error", "552 5.2.2 over quota")
    seven = Chances(7, {Step.MAIL: 0.5}, refusals)

    first, again = said_under(tmp_path / "a", seven), said_under(tmp_path / "b", seven)
    other = said_under(tmp_path / "c", Chances(8, {Step.MAIL: 0.5}, refusals))

    assert first == again != other
    assert first[0] != first[1]
    assert {said[:3] for said in first[0]} == {b"250", b"451", b"552"}


def test_chances_reach_every_answer_that_fits_its_step() -> None:

    def drawn(step: Step) -> set[Fault | str]:
        chances = Chances(1, dict.fromkeys(Step, 1.0))
        return {rule.answer for _ in range(500) if (rule := chances.draw(step, DICE))}

    assert drawn(Step.MAIL) == set(ANSWERS)
    assert drawn(Step.BODY) == set(ANSWERS) - {Fault.TWICE, Fault.BYTEWISE}


def test_chances_take_some_of_the_messages_they_leave_in_doubt_and_none_they_refuse() -> None:
    chances = Chances(1, {Step.FINAL_DOT: 1.0})

    drawn = [rule for _ in range(500) if (rule := chances.draw(Step.FINAL_DOT, DICE))]

    assert {rule.taken for rule in drawn if isinstance(rule.answer, Fault)} == {True, False}
    assert {rule.taken for rule in drawn if not isinstance(rule.answer, Fault)} == {False}


def test_without_a_chance_nothing_happens() -> None:
    assert Chances(1, {}).draw(Step.MAIL, DICE) is None


@pytest.mark.parametrize(
    ("step", "answer", "taken"),
    [
        (Step.BODY, Fault.TWICE, False),
        (Step.CONNECT, Fault.BYTEWISE, False),
        (Step.MAIL, Fault.DROP, True),
        (Step.FINAL_DOT, "451 4.3.0 local error", True),
    ],
)
def test_a_rule_that_has_no_meaning_is_refused(step: Step, answer: Fault | str, *, taken: bool) -> None:
    with pytest.raises(ValueError, match=r"there is no reply|only a fault"):
        Rule(step, answer, taken=taken)


def test_after_starttls_all_is_encrypted_and_begins_anew(tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=assets() / "tls" / "localhost.pem")
    with HostileRelay(tmp_path, [Rule(Step.STARTTLS, "450 4.2.0 later")], tls=True) as relay, calling(relay) as client:
        client.until(Step.AUTH)
        client.ask(b"MAIL FROM:<clear@example.org>\r\n")
        assert client.ask(b"STARTTLS\r\n") == b"450 4.2.0 later"
        assert client.ask(b"STARTTLS\r\n").startswith(b"220")

        with context.wrap_socket(client.socket, server_hostname="localhost") as encrypted:
            client.socket = encrypted
            assert client.ask(b"RCPT TO:<anna@example.org>\r\n").startswith(b"503")
            client.say(b"EHLO client.test\r\n")
            assert b"STARTTLS" not in client.rest()
            assert client.send() == b"250 2.0.0 ok"
            assert client.ask(b"STARTTLS\r\n").startswith(b"503")

        assert list(relay.received) == ["anna@example.org"]


def test_login_takes_two_lines_where_the_client_wants_it_so(relay: HostileRelay) -> None:
    with introduced(relay) as client:
        said = [client.ask(line) for line in (b"AUTH LOGIN\r\n", b"YW5uYQ==\r\n", b"c2VjcmV0\r\n")]

    assert [line[:3] for line in said] == [b"334", b"334", b"235"]


def test_each_message_takes_its_time(tmp_path: Path) -> None:
    with HostileRelay(tmp_path, latency_s=0.2) as relay, introduced(relay) as client:
        began = time.monotonic()
        client.send()

        assert time.monotonic() - began >= 0.2


def test_what_was_taken_outlives_the_relay_and_another_goes_on_at_its_port(tmp_path: Path) -> None:
    with HostileRelay(tmp_path) as first:
        with introduced(first) as client:
            client.send()
        os.kill(first.pid, signal.SIGKILL)
    with HostileRelay(tmp_path, port=first.port) as second, introduced(second) as client:
        client.send("ben@example.org")

        assert second.port == first.port
        assert list(second.received) == ["anna@example.org", "ben@example.org"]
