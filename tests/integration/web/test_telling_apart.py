"""Can somebody who signs up addresses of others tell which of them are known here? By words, size or time?

A real server in a process of its own, over HTTP: 500 known and 500 unknown addresses (200 in the short run) in random
order, each once.
A classifier learns on one half and is judged on the other. Chance alone makes it err by a few parts in a hundred,
and so may a busy machine; what really tells apart does so each time. So it is asked up to three times.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.database import Database
from newsletter.engine import tables
from subscribers.models import MailingList
from tests.integration.web.test_serving import PROGRAM, free_port, wait_for
from tests.support.kinds import IS_LONG, on_sqlite
from tests.support.ledgers import a_reader as a_row
from tests.support.makers import SECRET
from tests.support.telling_apart import best_guess
from tests.support.web import an_app

pytestmark = [pytest.mark.slow, on_sqlite]

EACH = 500 if IS_LONG else 200
AT_A_TIME = 5  # whose work is done well within a beat
TRIES = 3
CHANCE = 0.55


@pytest.fixture
def url(database: Database, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Where an installation is served that believes who says that it is a proxy, and takes many sign-ups."""
    port = free_port()
    (tmp_path / "secret").write_text(SECRET.value.hex())
    tables.migrate(database)
    app = an_app(database, tmp_path, base_url=f"http://127.0.0.1:{port}")
    _know(app, [f"known{number}@posteo.de" for number in range(TRIES * EACH)])
    settings = {
        "HOME": str(tmp_path),
        "DATABASE_URL": database_url,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DEMO": "1",
        "TRUSTED_PROXIES": "127.0.0.1",
        "SIGN_UPS_AT_ONCE": "60000",
        "SIGN_UPS_PER_MINUTE": "60000",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        env={**os.environ, **{f"NEWSLETTER_{name}": value for name, value in settings.items()}},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _know(app: App, addresses: list[str]) -> None:
    with app.writing() as session:
        mailing_list = session.scalars(select(MailingList)).one()
        for address in addresses:
            a_row(session, mailing_list, address)


def _answers(url: str, addresses: list[str], *, whose: int) -> dict[str, tuple[float, int, str]]:
    """Time, size and text of the answer to each sign-up, in random order, a few at a time."""
    page = httpx.get(f"{url}/lists/region", timeout=60).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    def ask(place: int, address: str) -> tuple[float, int, str]:
        visitor = {"X-Forwarded-For": f"10.{whose}.{place >> 8}.{place & 255}"}
        began = time.perf_counter()
        answer = clients[place % AT_A_TIME].post("/lists/region", data={**hidden, "email": address}, headers=visitor)
        took_s = time.perf_counter() - began
        told = f"{answer.status_code} {[pair for pair in answer.headers.items() if pair[0] != 'date']} {answer.text}"
        return took_s, len(answer.content), told

    ordered = random.sample(addresses, len(addresses))
    with ExitStack() as stack, ThreadPoolExecutor(AT_A_TIME) as pool:
        clients = [stack.enter_context(httpx.Client(base_url=url, timeout=60)) for _ in range(AT_A_TIME)]
        return dict(zip(ordered, pool.map(ask, range(len(ordered)), ordered), strict=True))


def test_known_and_unknown_addresses_cannot_be_told_apart(url: str) -> None:
    guesses = []
    for attempt in range(TRIES):
        numbers = range(attempt * EACH, (attempt + 1) * EACH)
        known = [f"known{number}@posteo.de" for number in numbers]
        unknown = [f"other{number}@posteo.de" for number in numbers]

        found = _answers(url, known + unknown, whose=attempt)

        assert len({told for _, _, told in found.values()}) == 1, "wording and headers are equal"
        assert len({size for _, size, _ in found.values()}) == 1
        guesses.append(best_guess([found[one][0] for one in known], [found[one][0] for one in unknown]))
        if guesses[-1] <= CHANCE:
            return
    pytest.fail(f"the time of an answer tells who is known: {guesses}")
