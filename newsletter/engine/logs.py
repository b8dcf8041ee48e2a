"""What DBOS logs becomes lines of our own log: what went wrong, without values, addresses or statements.

Its texts end in those of exceptions, which quote statements with their values and whom a connection
was made to. So a line keeps what stands before the first colon, and the name of the exception. While a
database is away every look at a queue fails: the same line is written once a minute.
"""

import logging
import re

import structlog

_AGAIN_S = 60.0
_MOST = 1000  # lines that are remembered

_BEFORE_COLON = re.compile(r":(?:\s|$)")
_EXCEPTION = re.compile(r"\((?P<quoted>(?:\w+\.)+[A-Z]\w+)\)|^(?P<raised>(?:\w+\.)*[A-Z]\w+): ", re.MULTILINE)


def adopt() -> None:
    """Have DBOS log here, and nowhere else; before anything of it is used."""
    logger = logging.getLogger("dbos")
    if any(isinstance(handler, _ToOurLog) for handler in logger.handlers):
        return
    logger.handlers[:] = [_ToOurLog(logging.WARNING)]
    logger.setLevel(logging.WARNING)
    logger.propagate = False


class _ToOurLog(logging.Handler):
    """Keeps when it wrote each line last."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._written: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        line = f"DBOS: {_BEFORE_COLON.split(text, maxsplit=1)[0]}", _error(record, text)
        if record.created - self._written.get(line, 0.0) < _AGAIN_S:
            return
        if len(self._written) >= _MOST:
            self._written.clear()
        self._written[line] = record.created
        event, error = line
        structlog.get_logger("newsletter.engine").log(record.levelno, event, **({"error": error} if error else {}))


def _error(record: logging.LogRecord, text: str) -> str:
    """The name of the exception that was logged, or that the text quotes; empty where there is none."""
    if record.exc_info and record.exc_info[0]:
        return record.exc_info[0].__name__
    found = _EXCEPTION.search(text.partition(":")[2])
    return (found["quoted"] or found["raised"]) if found else ""
