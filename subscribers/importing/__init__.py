"""Bringing people in from a file, with or without proof that they agreed.

    with importing.opened(path) as people, importing.Import(people, news, proof=proof, …) as run:
        for chunk in people.chunks():
            with database.writing() as session:  # one transaction a chunk
                run.take(session, chunk, now=now)  # or run.rehearse(session, chunk): changes nothing
    run.report()

With proof people are confirmed, without it they are pending; nobody is mailed either way. Who knows
the list already, whether confirmed, waiting or gone, is left as they are.
"""

from subscribers.importing.errors import FileUnusable
from subscribers.importing.report import Report
from subscribers.importing.run import Import
from subscribers.importing.sheet import CHUNK_ROWS, Chunk, Sheet, opened
from subscribers.importing.writing import ProofFile

__all__ = ["CHUNK_ROWS", "Chunk", "FileUnusable", "Import", "ProofFile", "Report", "Sheet", "opened"]
