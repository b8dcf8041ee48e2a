import dataclasses

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.issues import compilations
from newsletter.issues.models import StoredCompiled
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from tests.support.makers import NOW

COMPILED = CompiledIssue(
    language="de",
    sender=Mailbox("Presse", "presse@example.org"),
    subject=("Der Park ist fertig",),
    html=("<p>Guten Tag ", Slot("recipient.name"), "</p>"),
    text=("Guten Tag ", Slot("recipient.name")),
)


def test_what_is_stored_comes_back_under_its_digest(session: Session) -> None:
    digest = compilations.store(session, COMPILED, now=NOW)

    assert digest == COMPILED.digest
    assert compilations.load(session, digest) == COMPILED


def test_the_same_mail_is_stored_once_and_another_beside_it(session: Session) -> None:
    compilations.store(session, COMPILED, now=NOW)
    compilations.store(session, COMPILED, now=NOW)
    compilations.store(session, dataclasses.replace(COMPILED, subject=("Anders",)), now=NOW)

    assert session.scalar(select(func.count()).select_from(StoredCompiled)) == 2
