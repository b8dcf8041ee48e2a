from sqlalchemy.orm import Session

from newsletter.delivery import planning, relays, work
from newsletter.delivery.verdicts import Reply, Step
from tests.support.ledgers import a_mailing
from tests.support.makers import NOW

DOWN = Reply(Step.CONNECT, None, "", "connection refused")


def test_a_window_that_was_claimed_is_given_again_even_if_the_relay_rests_meanwhile(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass
    claimed = work.claimed(session, "executor", token="first", relay="mail:25", now=NOW)
    relays.failed(session, "mail:25", DOWN, now=NOW)

    assert claimed is not None
    assert work.claimed(session, "executor", token="first", relay="mail:25", now=NOW) == claimed
    assert work.claimed(session, "executor", token="second", relay="mail:25", now=NOW) is None
