import re

from newsletter.delivery import message_ids
from tests.support.makers import SECRET

KEY = message_ids.key_of(SECRET)


def _made(*, issue_id: int | None = 3, subscriber_id: int | None = 7, mailing_id: int = 1, position: int = 1) -> str:
    return message_ids.message_id(
        KEY, "example.org", issue_id=issue_id, subscriber_id=subscriber_id, mailing_id=mailing_id, position=position
    )


def test_the_same_issue_to_the_same_person_keeps_its_name_in_any_mailing() -> None:
    assert _made() == _made(mailing_id=2, position=99)
    assert _made() != _made(subscriber_id=8)
    assert _made() != _made(issue_id=4)


def test_without_issue_or_person_the_row_names_it() -> None:
    assert _made(issue_id=None) != _made(issue_id=None, position=2)
    assert _made(issue_id=None) != _made(issue_id=None, mailing_id=2)
    assert _made(subscriber_id=None) == _made(subscriber_id=None)


def test_it_is_an_opaque_name_at_the_senders_domain() -> None:
    assert re.fullmatch(r"<[a-z2-7]{24}@example\.org>", _made())
