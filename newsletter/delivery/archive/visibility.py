"""Who finds a list's archive: said by staff, list by list."""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery.archive.models import UNSAID, ListArchive, Visibility
from newsletter.issues.permissions import MANAGE_PUBLICATIONS
from subscribers import audit
from subscribers.actor import Actor
from subscribers.models import MailingList
from subscribers.orm import upsert


def of(session: Session, list_id: int) -> Visibility:
    """Who finds it now."""
    said = session.get(ListArchive, list_id)
    return UNSAID if said is None else Visibility(said.visibility)


def show_to(
    session: Session, mailing_list: MailingList, *, visibility: Visibility, by: Actor, now: dt.datetime
) -> None:
    """Say who finds it from now on; what went out stays archived, and is seen again when that is said again.

    Raises:
        NotPermitted: the actor may not manage publications.
    """
    by.require(MANAGE_PUBLICATIONS)
    new = upsert(session, ListArchive).values(list_id=mailing_list.id, visibility=visibility.value)
    changed = new.on_conflict_do_update(index_elements=["list_id"], set_={"visibility": visibility.value})
    session.execute(changed, execution_options={"synchronize_session": False})
    session.expire_all()
    audit.record(session, "list.archive", f"list:{mailing_list.id}", by=by, now=now, visibility=visibility.value)
