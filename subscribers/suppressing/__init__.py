"""Suppressions in bulk: lists of addresses that another system no longer mails, and our own taken out and in.

    with suppressing.opened(path) as sheet, suppressing.Import(sheet, default=reason, …) as run:
        for chunk in sheet.chunks():
            with database.writing() as session:  # one transaction a chunk
                run.take(session, chunk, now=now)
    run.report()

What is suppressed gets nothing from that moment on, also what is planned, whether or not it is on a list.
"""

from subscribers.suppressing.exporting import begin, lines
from subscribers.suppressing.run import Import, Report
from subscribers.suppressing.sheet import Sheet, opened

__all__ = ["Import", "Report", "Sheet", "begin", "lines", "opened"]
