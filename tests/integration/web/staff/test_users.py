"""The users page: invitations, roles for each publication, and whom to let in no longer."""

import pytest
from sqlalchemy import select

from newsletter.accounts import staff
from newsletter.accounts.models import StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from subscribers.audit import AuditEntry
from tests.support.kinds import on_sqlite
from tests.support.makers import a_list, a_publication
from tests.support.staff import Seated, a_staff_user, seated
from tests.support.web import mails_to

pytestmark = on_sqlite

BEN = "ben@example.org"


@pytest.fixture
def admin(app: App) -> Seated:
    return seated(app)


def a_colleague(app: App, *grants: Grant, accepted: bool = True) -> int:
    with app.writing() as session:
        return a_staff_user(session, BEN, *grants, accepted=accepted).id


def grants_of(app: App, user_id: int) -> set[tuple[str, int | None]]:
    with app.reading() as session:
        return {(grant.role.value, grant.publication_id) for grant in staff.grants_of(session, user_id)}


def test_everybody_is_listed_with_what_they_may_do_where(app: App, admin: Seated) -> None:
    a_colleague(app, Grant(Role.EDITOR, 1), Grant(Role.LIST_ADMIN), accepted=False)

    text = admin.client.get("/staff/users").text

    assert "Redaktion: Region aktuell" in text
    assert "Listenverwaltung</span>" in text
    assert "Eingeladen" in text
    assert "nie" in text


def test_somebody_is_invited_by_mail_with_roles_on_publications(app: App, admin: Seated) -> None:
    with app.writing() as session:
        other = a_publication(session, a_list(session, "other"), "other").id
    form = {"address": BEN, "name": "Ben", "language": "en", f"role-editor-{other}": "1", "role-list-admin-all": "1"}

    answer = admin.client.post("/staff/users/invite", data=form, follow_redirects=False)

    assert answer.headers["location"] == "/staff/users?done=invited"
    with app.reading() as session:
        ben = session.scalars(select(StaffUser).where(StaffUser.address == BEN)).one()
        assert (ben.name, ben.language, ben.accepted_at, ben.password_hash) == ("Ben", "en", None, "")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.invite")).one()
        assert (entry.actor_name, entry.details) == (
            admin.address,
            {"roles": [f"editor of publication {other}", "list admin"]},
        )
    assert grants_of(app, ben.id) == {("list admin", None), ("editor", other)}
    [mail] = mails_to(app, BEN)
    assert list(mail.fields) == ["staff_link"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"address": "ben@", "role-editor-all": "1"}, "sieht nicht nach einer E-Mail-Adresse aus"),
        ({"address": "ANA@example.org", "role-editor-all": "1"}, "gibt es schon"),
        ({"address": BEN}, "mindestens eine"),
        ({"address": BEN, "role-editor-99": "1", "role-boss-all": "1"}, "mindestens eine"),
        ({"address": BEN, "role-editor-all": "1", "name": "x" * 121}, "höchstens 120"),
    ],
    ids=["address", "known", "no role", "unknown role", "name"],
)
def test_an_invitation_that_cannot_be_is_told_why(app: App, admin: Seated, form: dict[str, str], says: str) -> None:
    answer = admin.client.post("/staff/users/invite", data=form)

    assert answer.status_code == 400
    assert says in answer.text
    with app.reading() as session:
        assert session.scalars(select(StaffUser.address)).all() == [admin.address]


def test_roles_are_exactly_those_that_are_ticked(app: App, admin: Seated) -> None:
    ben = a_colleague(app, Grant(Role.EDITOR), Grant(Role.APPROVER, 1))

    answer = admin.client.post(
        f"/staff/users/{ben}/roles", data={"role-approver-1": "1", "role-list-admin-1": "1"}, follow_redirects=False
    )

    assert answer.headers["location"] == f"/staff/users/{ben}?done=roles"
    assert grants_of(app, ben) == {("approver", 1), ("list admin", 1)}
    with app.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.role")).one()
        assert entry.details == {"given": ["list admin of publication 1"], "taken": ["editor"]}


def test_the_last_admin_stays_one(app: App, admin: Seated) -> None:
    a_colleague(app, Grant(Role.ADMIN), accepted=False)

    answer = admin.client.post(f"/staff/users/{admin.user_id}/roles", data={"role-editor-all": "1"})

    assert answer.status_code == 409
    assert "Dann dürfte niemand mehr alles" in answer.text
    assert grants_of(app, admin.user_id) == {("admin", None)}


def test_nobody_deactivates_themselves(app: App, admin: Seated) -> None:
    a_colleague(app, Grant(Role.ADMIN))

    answer = admin.client.post(f"/staff/users/{admin.user_id}/deactivate")

    assert answer.status_code == 409
    assert "nicht selbst deaktivieren" in answer.text
    assert admin.client.get("/staff/users").status_code == 200


def test_who_is_deactivated_is_out_at_once_and_comes_back_with_the_same_roles(app: App, admin: Seated) -> None:
    ben = seated(app, BEN, Grant(Role.EDITOR))

    admin.client.post(f"/staff/users/{ben.user_id}/deactivate")

    assert ben.client.get("/staff/account", follow_redirects=False).status_code == 303
    admin.client.post(f"/staff/users/{ben.user_id}/reactivate")
    assert ben.client.get("/staff/account", follow_redirects=False).status_code == 303  # the session has ended
    assert grants_of(app, ben.user_id) == {("editor", None)}


def test_roles_that_are_taken_away_are_gone_from_the_next_request_on(app: App, admin: Seated) -> None:
    ben = seated(app, BEN, Grant(Role.ADMIN))
    assert ben.client.get("/staff/users").status_code == 200

    admin.client.post(f"/staff/users/{ben.user_id}/roles", data={"role-editor-all": "1"})

    assert ben.client.get("/staff/users").status_code == 403


def test_an_invitation_is_sent_again_only_to_who_has_not_come(app: App, admin: Seated) -> None:
    ben = a_colleague(app, accepted=False)

    assert admin.client.post(f"/staff/users/{ben}/invite-again").status_code == 200
    assert admin.client.post(f"/staff/users/{admin.user_id}/invite-again").status_code == 409
    assert len(mails_to(app, BEN)) == 1


def test_a_second_factor_is_taken_away_from_who_has_lost_it(app: App, admin: Seated) -> None:
    ben = seated(app, BEN, Grant(Role.EDITOR))
    with app.writing() as session:
        session.get_one(StaffUser, ben.user_id).totp_sealed = b"sealed"
    assert "Zweiten Faktor entfernen" in admin.client.get(f"/staff/users/{ben.user_id}").text

    admin.client.post(f"/staff/users/{ben.user_id}/reset-second-factor")

    with app.reading() as session:
        assert session.get_one(StaffUser, ben.user_id).totp_sealed is None
    assert ben.client.get("/staff/account", follow_redirects=False).status_code == 303
    assert len(mails_to(app, BEN)) == 1


@pytest.mark.parametrize("number", ["99", "0", "-1", "999999999999999999999", "x"])
def test_a_user_that_is_none_is_a_kind_page(admin: Seated, number: str) -> None:
    assert admin.client.get(f"/staff/users/{number}").status_code == 404
    assert admin.client.post(f"/staff/users/{number}/roles").status_code == 404


def test_names_are_shown_as_text(app: App, admin: Seated) -> None:
    ben = a_colleague(app, Grant(Role.EDITOR))
    with app.writing() as session:
        session.get_one(StaffUser, ben).name = '"><script>alert(1)</script>'

    for path in ("/staff/users", f"/staff/users/{ben}"):
        text = admin.client.get(path).text
        assert "alert(1)" in text
        assert "<script>" not in text
