"""`newsletter init` and `newsletter staff`."""

import re

from newsletter.app import App
from newsletter.settings import Settings
from tests.integration.cli.conftest import Run
from tests.support.makers import assets
from tests.support.staff import PASSWORD
from tests.support.web import a_client

LINK = re.compile(r"http://127\.0\.0\.1:8000/staff/link/[0-9a-f]{32}\.\S+")


def accept(link: str) -> int:
    """Open a link of the command line and choose a password there."""
    app = App.open(Settings())
    client = a_client(app, **{"Sec-Fetch-Site": "same-origin"})
    path = link.removeprefix("http://127.0.0.1:8000")
    answer = client.post(path, data={"name": "Ana", "password": PASSWORD}, follow_redirects=False)
    app.close()
    return int(answer.status_code)


def test_init_prints_a_link_by_which_the_first_user_comes_in_until_they_have(run: Run) -> None:
    first = run("init", "--admin", "ana@example.org")
    second = run("init", "--admin", "ana@example.org")
    assert LINK.fullmatch(first.last_line)
    assert LINK.fullmatch(second.last_line)

    assert accept(first.last_line) == 410  # the newer one counts
    assert accept(second.last_line) == 303

    assert "Choose your password" not in run("init", "--admin", "ana@example.org").out
    assert run("init").last_line.endswith("is ready.")


def test_somebody_is_invited_given_roles_and_deactivated(newsletter: Run) -> None:
    invited = newsletter(
        "staff", "invite", "ben@example.org", "--role", "editor", "--publication", "aktuell", "--name", "Ben"
    )
    assert LINK.fullmatch(invited.last_line)
    newsletter("staff", "role", "ben@example.org", "list admin", "--by", "ana@example.org")
    newsletter("staff", "role", "ben@example.org", "editor", "--publication", "aktuell", "--take-away")

    ana, ben = newsletter("staff", "list", "--json").json

    assert ana["roles"] == [{"role": "admin", "publication": None}]
    assert ben == {
        "id": 2,
        "address": "ben@example.org",
        "name": "Ben",
        "language": "de",
        "state": "invited",
        "roles": [{"role": "list admin", "publication": None}],
        "second_factor": False,
        "signed_in_at": None,
    }
    assert accept(invited.last_line) == 303
    newsletter("staff", "deactivate", "ben@example.org")
    assert "deactivated" in newsletter("staff", "list").out
    newsletter("staff", "reactivate", "ben@example.org")
    newsletter("staff", "reset-second-factor", "ben@example.org")
    assert LINK.fullmatch(newsletter("staff", "link", "ben@example.org").last_line)


def test_mistakes_are_one_line(newsletter: Run) -> None:
    newsletter("staff", "invite", "ben@example.org", "--role", "editor")

    for arguments, says in (
        (("invite", "ben@example.org", "--role", "editor"), "ben@example.org is a staff user already"),
        (("invite", "ben@", "--role", "editor"), "is not an e-mail address"),
        (("invite", "cem@example.org", "--role", "editor", "--publication", "none"), "There is no publication"),
        (("role", "cem@example.org", "editor"), "There is no active staff user"),
        (("role", "ana@example.org", "admin", "--take-away"), "is the last active admin"),
        (("deactivate", "ana@example.org"), "is the last active admin"),
        (("role", "ana@example.org", "admin", "--by", "ben@example.org"), "ben@example.org lacks the permission"),
    ):
        answer = newsletter("staff", *arguments, status=1)
        assert says in answer.err
        assert answer.err.count("\n") == 1


def test_who_may_approve_one_publication_approves_no_other(newsletter: Run) -> None:
    newsletter("publication", "create", "kultur", "--list", "region", "--name", "Kultur", "--from", "K <k@example.org>")
    newsletter("staff", "invite", "ben@example.org", "--role", "approver", "--publication", "kultur")
    newsletter("news", "import", assets() / "news" / "mitteilung.txt")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line

    refused = newsletter("issue", "submit", issue, "--by", "ben@example.org", status=1)

    assert "ben@example.org lacks the permission" in refused.err
    own = newsletter("issue", "create", "kultur", "--suggest").last_line
    newsletter("issue", "submit", own, "--by", "ben@example.org")
