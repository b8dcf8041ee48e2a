"""What ended long ago is forgotten: DBOS would keep it for ever."""

import datetime as dt
from typing import TYPE_CHECKING

from newsletter.engine import APPLICATION

if TYPE_CHECKING:
    from dbos import DBOSClient

KEPT = dt.timedelta(days=7)
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_AT_A_TIME = 500  # a short transaction each: on SQLite everybody else waits


def sweep(client: "DBOSClient", *, before: dt.datetime) -> int:
    """Delete the records of runs that ended before a time; tell how many.

    Their names could be enqueued again from now on. Nobody does: a batch that is revived gets a new one.
    """
    swept = 0
    while True:
        ended = client.list_workflows(
            status=_ENDED,
            completed_before=before.isoformat(),
            application_name=APPLICATION,
            limit=_AT_A_TIME,
            load_input=False,
            load_output=False,
        )
        client.delete_workflows([work.workflow_id for work in ended])
        swept += len(ended)
        if len(ended) < _AT_A_TIME:
            return swept
