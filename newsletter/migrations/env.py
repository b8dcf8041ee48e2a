"""Alembic's entry: run the migrations on the connection it was given."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import newsletter.accounts.models
import newsletter.delivery.alerts.models
import newsletter.delivery.archive.models
import newsletter.delivery.batches
import newsletter.delivery.models
import newsletter.delivery.pace
import newsletter.delivery.pairing
import newsletter.engine.models
import newsletter.issues.models
import newsletter.news.models
import newsletter.texts.models
import newsletter.web.models  # noqa: F401  # each import registers its tables
import subscribers.audit
import subscribers.consent.models
import subscribers.models  # noqa: F401
from subscribers.orm import Base, UtcDateTime


def render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our time type as plain SQL, so that old migrations do not depend on today's code."""
    del autogen
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
