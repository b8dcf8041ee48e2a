from pathlib import Path

import structlog

from newsletter.database import Database
from newsletter.service import Service
from subscribers.consent import sealing
from tests.support.web import a_reader, an_app


def test_a_worker_seals_all_consents_once_a_day_and_logs_the_digest(database: Database, tmp_path: Path) -> None:
    app = an_app(database, tmp_path)
    a_reader(app, confirmed=True)

    def start(*_: object) -> None:
        raise AssertionError("no sender is needed to seal")

    service = Service(app, start, processes=1, say=print)  # type: ignore[arg-type]  # never called

    with structlog.testing.capture_logs() as logged:
        service._seal()
        service._seal()

    with app.reading() as session:
        made = sealing.last(session)
    assert made is not None
    assert (made.number, made.records, made.chains) == (1, 2, 1)
    told = {"event": "consent was sealed", "log_level": "info", "seal": 1, "records": 2, "digest": made.digest}
    assert [entry for entry in logged if entry["event"] == "consent was sealed"] == [told]
