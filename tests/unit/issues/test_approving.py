import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.accounts.roles import PERMISSIONS, Role
from newsletter.errors import WrongState
from newsletter.issues import approvals, approving, compilations, composing, editions, publications, revisions
from newsletter.issues.errors import DesignNotFound, FourEyes, GateClosed, NotApproved, NotSubmitted
from newsletter.issues.models import MOVES, Issue, IssueRevision, IssueState, Publication
from newsletter.issues.site import Site
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from tests.support.makers import BY, NOW, SITE, a_list, a_publication, an_item

ANA = Actor(ActorKind.STAFF, "ana@example.org", PERMISSIONS[Role.APPROVER])
BEN = Actor(ActorKind.STAFF, "ben@example.org", PERMISSIONS[Role.APPROVER])
EDITOR = Actor(ActorKind.STAFF, "eda@example.org", PERMISSIONS[Role.EDITOR])


@pytest.fixture
def publication(session: Session) -> Publication:
    return a_publication(session, a_list(session))


@pytest.fixture
def issue(session: Session, publication: Publication) -> Issue:
    return composing.create(session, publication, items=[an_item(session)], by=EDITOR, now=NOW)


def _change(session: Session, issue: Issue, subject: str = "Anders") -> bool:
    content = dataclasses.replace(revisions.content_of(session, issue), subject=subject)
    return revisions.save(session, issue, content, by=EDITOR, now=NOW)


def test_what_is_approved_is_stored_compiled(session: Session, issue: Issue) -> None:
    approval = approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    stored = compilations.load(session, approval.compiled)
    assert issue.state == "approved"
    assert stored == editions.edition_of(session, issue, SITE).compiled
    assert stored.digest == approval.compiled


def test_what_was_made_ready_is_not_compiled_while_others_wait_to_write(
    session: Session, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = approving.made_ready(session, issue, site=SITE)

    with monkeypatch.context() as patch:
        patch.delattr(editions, "compile_issue")
        approval = approving.approve(session, issue, site=SITE, by=ANA, now=NOW, ready=ready)

    assert compilations.load(session, approval.compiled) == editions.edition_of(session, issue, SITE).compiled


def test_what_was_made_ready_before_a_change_does_not_count(session: Session, issue: Issue) -> None:
    ready = approving.made_ready(session, issue, site=SITE)
    _change(session, issue, "Anders")

    approval = approving.approve(session, issue, site=SITE, by=ANA, now=NOW, ready=ready)

    assert compilations.load(session, approval.compiled).subject == ("Anders",)


def test_an_editor_cannot_approve(session: Session, issue: Issue) -> None:
    with pytest.raises(NotPermitted, match=r"eda@example\.org lacks the permission “issues\.approve”"):
        approving.approve(session, issue, site=SITE, by=EDITOR, now=NOW)


def test_an_issue_with_errors_cannot_be_approved(session: Session, publication: Publication, issue: Issue) -> None:
    publication.imprint = ""

    with pytest.raises(GateClosed) as raised:
        approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    assert any("imprint" in finding.code for finding in raised.value.findings)
    assert issue.state == "draft"


def test_any_change_of_the_words_voids_the_approval(session: Session, issue: Issue) -> None:
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    assert _change(session, issue)

    assert issue.state == "draft"
    with pytest.raises(NotApproved):
        approvals.standing(session, issue)


def test_saving_the_same_words_changes_nothing(session: Session, issue: Issue) -> None:
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    assert not revisions.save(session, issue, revisions.content_of(session, issue), by=EDITOR, now=NOW)

    assert (issue.state, issue.revision) == ("approved", 1)


def test_a_change_of_the_publication_voids_its_approvals(
    session: Session, publication: Publication, issue: Issue
) -> None:
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    voided = publications.change(session, publication, imprint="Anders", by=BY, now=NOW)

    assert voided == (issue.id,)
    assert issue.state == "draft"


def test_a_changed_design_file_voids_the_approval(session: Session, issue: Issue, tmp_path: Path) -> None:
    shipped = SITE.folders[0] / "regional"
    own = tmp_path / "regional"
    for path in shipped.rglob("*"):
        if path.is_file():
            target = own / path.relative_to(shipped)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    site = Site(SITE.public_url, (tmp_path,), tmp_path)
    approving.approve(session, issue, site=site, by=ANA, now=NOW)
    assert approving.still_holds(session, issue, site=site, by=BY, now=NOW)

    (own / "issue.txt").write_text((own / "issue.txt").read_text("utf-8") + "\nMehr", "utf-8")

    assert not approving.still_holds(session, issue, site=site, by=BY, now=NOW)
    assert issue.state == "draft"


def test_with_four_eyes_nobody_approves_what_they_submitted(
    session: Session, publication: Publication, issue: Issue
) -> None:
    publications.change(session, publication, four_eyes=True, by=BY, now=NOW)
    with pytest.raises(NotSubmitted):
        approving.approve(session, issue, site=SITE, by=BEN, now=NOW)
    approving.submit(session, issue, by=ANA, now=NOW)

    with pytest.raises(FourEyes, match=r"submitted by ana@example\.org"):
        approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    approving.approve(session, issue, site=SITE, by=BEN, now=NOW)
    assert issue.state == "approved"


def test_every_save_is_a_revision(session: Session, issue: Issue) -> None:
    _change(session, issue, "Zwei")
    _change(session, issue, "Drei")

    kept = session.scalars(select(IssueRevision.content).order_by(IssueRevision.number)).all()
    assert [content["subject"] for content in kept] == ["Der Park ist fertig", "Zwei", "Drei"]


def test_a_scheduled_issue_cannot_be_changed(session: Session, issue: Issue) -> None:
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)
    issue.move(IssueState.SCHEDULED)

    with pytest.raises(WrongState, match=f"Issue {issue.id} is scheduled; it cannot become changed"):
        _change(session, issue)

    assert session.scalar(select(func.count()).select_from(IssueRevision)) == 1


def test_a_scheduled_issue_is_not_approved_again_beside_its_mailing(session: Session, issue: Issue) -> None:
    approving.approve(session, issue, site=SITE, by=BEN, now=NOW)
    issue.move(IssueState.SCHEDULED)

    with pytest.raises(WrongState, match="scheduled"):
        approving.approve(session, issue, site=SITE, by=BEN, now=NOW)


@pytest.mark.parametrize("current", list(IssueState), ids=str)
@pytest.mark.parametrize("wanted", list(IssueState), ids=str)
def test_only_the_stated_moves_are_made(current: IssueState, wanted: IssueState) -> None:
    issue = Issue(id=1, state=current.value)

    if wanted in MOVES[current]:
        issue.move(wanted)
        assert issue.state == wanted.value
    else:
        with pytest.raises(WrongState):
            issue.move(wanted)
        assert issue.state == current.value


def test_an_unknown_design_says_which_there_are() -> None:
    with pytest.raises(DesignNotFound, match=r"There is no design “nowhere”\. There is: regional"):
        SITE.design("nowhere")


def test_what_waits_for_approval_or_has_it_can_be_called_back(session: Session, issue: Issue) -> None:
    approving.submit(session, issue, by=EDITOR, now=NOW)
    approving.call_back(session, issue, by=EDITOR, now=NOW)
    assert (issue.state, issue.submitted_by) == ("draft", "")

    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)
    approving.call_back(session, issue, by=EDITOR, now=NOW)
    with pytest.raises(NotApproved):
        approvals.standing(session, issue)

    with pytest.raises(WrongState):
        approving.call_back(session, issue, by=EDITOR, now=NOW)
