"""How often somebody may try to get in."""

import datetime as dt

from newsletter.web import limits, visitors
from newsletter.web.limits import Limit
from newsletter.web.visit import Visit

# A whole office behind one address signs in in the morning; a list of passwords takes a script seconds.
SIGN_IN_VISITOR = Limit("staff-sign-in-visitor", burst=30, interval=dt.timedelta(seconds=30))
# Nobody mistypes ten times; whoever guesses from a thousand places gets no further than one place would.
SIGN_IN_ADDRESS = Limit("staff-sign-in-address", burst=10, interval=dt.timedelta(minutes=2))
# Three of a million codes are right at any moment.
SECOND_FACTOR = Limit("staff-second-factor", burst=5, interval=dt.timedelta(minutes=5))
# Nobody's mailbox is filled by another.
FORGOTTEN_ADDRESS = Limit("staff-forgotten-address", burst=3, interval=dt.timedelta(minutes=20))
PASSKEY_VISITOR = Limit("staff-passkey-visitor", burst=60, interval=dt.timedelta(seconds=10))


def may(visit: Visit, *tries: tuple[Limit, str]) -> bool:
    """Count a try under each limit, or tell by False that it is one too many under one of them."""
    app, now = visit.app, visit.app.now()
    with app.writing() as session:
        taken = [limits.take(session, limit, who=who, secret=app.secret, now=now) for limit, who in tries]
    return all(taken)


def visitor(visit: Visit) -> str:
    """The name of the visitor's own limits."""
    return visitors.visitor(visit.request, visit.app.settings)
