"""What DBOS logs becomes lines of our own log: what went wrong, without values, addresses or statements.

Its texts end in those of exceptions, which quote statements with their values and whom a connection
was made to. So a line keeps what stands before the first colon, and the names of the exceptions.
"""

import logging
import re

import structlog

_EXCEPTION = re.compile(r"\b[a-z_][\w.]*\.[A-Z]\w+|\b[A-Z]\w*(?:Error|Exception|Timeout)\b")
_BEFORE_COLON = re.compile(r":(?:\s|$)")


def adopt() -> None:
    """Have DBOS log here, and nowhere else; before anything of it is used."""
    logger = logging.getLogger("dbos")
    if any(isinstance(handler, _ToOurLog) for handler in logger.handlers):
        return
    logger.handlers[:] = [_ToOurLog(logging.WARNING)]
    logger.setLevel(logging.WARNING)
    logger.propagate = False


class _ToOurLog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        errors = [record.exc_info[0].__name__] if record.exc_info and record.exc_info[0] else _EXCEPTION.findall(text)
        said = _BEFORE_COLON.split(text, maxsplit=1)[0]
        structlog.get_logger("newsletter.engine").log(
            record.levelno, f"DBOS: {said}", **({"error": errors[-1]} if errors else {})
        )
