"""A sink that breaks off, refuses or talks nonsense at each step: every row is compared with what it took.

Each answer strikes once, then the next one does; in the long run by chance, too, at all steps at once.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from newsletter.database import Database
from newsletter.delivery import mailings
from newsletter.delivery.models import Mailing
from newsletter.delivery.statement import Statement
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.smtp.conversation import Timeouts
from newsletter.delivery.transports.urls import SmtpUrl, parse
from tests.faults.conftest import KILLS, Sink, compare
from tests.support.hostility import ANSWERS, RIGHT, WITHOUT_REPLY, Chances, Fault, Rule, Step, Struck
from tests.support.kinds import IS_LONG, on_sqlite
from tests.support.ledgers import Clock, a_mailing, a_worker, rows, the_statement
from tests.support.makers import BY

pytestmark = pytest.mark.slow

CONNECTIONS = 3
RUNS = 80  # each begins five minutes later, when a relay has rested and who was deferred is due
PATIENCE = Timeouts(connect_s=5, command_s=1.5, data_s=1.5, block_s=1.5, final_dot_s=2.5)
OPEN = {*Fault} - RIGHT  # at the final dot nobody can know what became of the message
ALL = tuple(step for step in Step if step is not Step.RSET)
SEEDS = range(KILLS // 4 if IS_LONG else 1)

Sends = Callable[..., Statement]


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    with Sink(tmp_path_factory.mktemp("sink"), tls=True) as sink:
        yield sink


@pytest.fixture
def sent(sink: Sink, database: Database, monkeypatch: pytest.MonkeyPatch) -> Sends:
    """Send to so many while the sink does as it is told; resume what it stopped, until nothing is left to do."""
    monkeypatch.setattr("newsletter.delivery.planning.WINDOW", 4)
    # After a 421 there is a rate by the clock of the database, and here minutes pass at once.
    monkeypatch.setattr("newsletter.delivery.pacing.slow_down", lambda *_, **__: None)
    url = sink.url.replace("//", "//user:secret@") + f"?connections={CONNECTIONS}"

    def begin(
        readers: int, rules: Sequence[Rule] = (), *, chances: Chances | None = None, tls: bool = False, fault: str
    ) -> Statement:
        options = sink.url + f"?connections={CONNECTIONS}&tls=opportunistic" if tls else url
        parsed = parse(options)
        assert isinstance(parsed, SmtpUrl)
        before = len(sink.taken), len(sink.struck)
        with database.writing() as session:
            mailing = a_mailing(session, [f"r{number}@example.org" for number in range(readers)]).id
        sink.obey(rules, chances=chances)
        _work_off(database, SmtpTransport(parsed, PATIENCE), mailing)
        sink.obey()
        return _compared(database, mailing, sink, before, fault=fault)

    return begin


def _work_off(database: Database, transport: SmtpTransport, mailing: int) -> None:
    clock = Clock()
    for _ in range(RUNS):
        report = a_worker(database, transport, clock=clock).run_until_idle()
        for waiting in report.waiting:
            with database.writing() as session:
                mailings.resume(session, session.get_one(Mailing, waiting.mailing_id), by=BY, now=clock())
        if the_statement(database, mailing).state == "sent":
            return
        clock.forward(minutes=5)


def _compared(database: Database, mailing: int, sink: Sink, before: tuple[int, int], *, fault: str) -> Statement:
    """Every row, and how many may be in doubt or refused because of what the sink really did."""
    taken, struck = sink.taken[before[0] :], sink.struck[before[1] :]
    received: dict[str, list[str]] = {}
    for each in taken:
        received.setdefault(each.recipient, []).append(each.message_id)
    found = the_statement(database, mailing)
    line = {
        "fault": fault,
        "database": database.engine.dialect.name,
        "count": len(struck),
        "recipients": found.recipients,
        "accepted": found.accepted,
        "rejected": found.rejected,
        "unknown": found.unknown,
        "bound": _in_doubt(struck),
    }
    print(f"\n{json.dumps(line)}")
    compare(rows(database, mailing), received)
    assert found.unknown <= _in_doubt(struck)
    assert found.rejected <= sum(one.answer.startswith("5") for one in struck)
    assert (found.state, found.accepted + found.unknown + found.rejected) == ("sent", found.recipients)
    return found


def _in_doubt(struck: Sequence[Struck]) -> int:
    """Faults without a reply after the final dot, which may be on the wire when the sink has only seen the body."""
    return sum(one.step in {Step.BODY, Step.FINAL_DOT} and one.answer in OPEN for one in struck)


def _answers(step: Step) -> list[Rule]:
    """Each thing that can go wrong at a step, once; at the final dot also where the message was taken all the same."""
    fitting = [answer for answer in ANSWERS if not (answer in RIGHT and step in WITHOUT_REPLY)]
    made = [Rule(step, answer) for answer in fitting]
    if step is Step.FINAL_DOT:
        made += [replace(rule, taken=True) for rule in made if rule.answer in OPEN]
    return made


@pytest.mark.parametrize("step", ALL)
@on_sqlite
def test_whatever_it_answers_everybody_is_accounted_for(sink: Sink, sent: Sends, step: Step) -> None:
    rules = _answers(step)
    before = len(sink.struck)

    told = sent(36, rules, tls=step is Step.STARTTLS, fault=f"each answer at {step}")

    struck = sink.struck[before:]
    assert {one.answer for one in struck} == {rule.answer for rule in rules}
    if step is not Step.BODY:  # where it is a race whether the answer comes before the final dot
        assert told.rejected == (_refusals_of_one(rules) if step in {Step.RCPT, Step.DATA, Step.FINAL_DOT} else 0)


def _refusals_of_one(rules: Sequence[Rule]) -> int:
    """5xx that are about one recipient; 5.7.1 is about the mail."""
    return sum(rule.answer.startswith("5") and " 5.7." not in rule.answer for rule in rules)


def test_when_each_dot_is_answered_otherwise_the_ledger_holds_on_any_database(sent: Sends) -> None:
    told = sent(
        40, [Rule(Step.FINAL_DOT, Fault.DROP, taken=True), Rule(Step.FINAL_DOT, "451 4.3.0 later")], fault="cut"
    )

    assert (told.accepted, told.unknown) == (39, 1)


def test_a_broken_rset_costs_nobody_anything(sent: Sends) -> None:
    rules = [Rule(Step.RCPT, "450 4.2.0 later", times=len(ANSWERS)), *_answers(Step.RSET)]

    told = sent(60, rules, fault="each answer at RSET")

    assert (told.accepted, told.rejected) == (60, 0)


@pytest.mark.parametrize("number", SEEDS)
@on_sqlite
def test_whatever_comes_by_chance_everybody_is_accounted_for(sent: Sends, number: int) -> None:
    seed = f"{os.environ.get('FAULTS_SEED', 'newsletter')}/{number}"

    sent(80, chances=Chances(seed, dict.fromkeys(Step, 0.03)), fault=f"by chance, seed {seed}")
