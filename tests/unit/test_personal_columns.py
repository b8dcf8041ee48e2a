"""Every column of every table is decided: it tells of readers, of staff, or of nobody."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, create_engine, inspect

from newsletter.readers.holding import holders
from subscribers.orm import READER, STAFF, Base

# Of nobody: numbers, times, states, hashes, and what the organisation itself wrote. A new column of a table above
# belongs here, or gets `info=READER` or `info=STAFF` at its model; with READER its table needs a holder, too.
OF_NOBODY = {
    "alert": "id key kind mailing_id facts occurrence raised_at last_at count ended_at acknowledged_at mail_due_at"
    " mailed_at mail_failures hook_due_at hooked_at hook_failures",
    "approval": "id issue_id number revision fingerprint compiled approved_at voided_at",
    "archived_issue": "issue_id mailing_id list_id slug language published_at year subject preheader",
    "archived_words": "issue_id teaser text words",
    "audit_entry": "id at actor_kind action subject details",
    "delivery_batch": "mailing_id number runs",
    "compiled": "digest body created_at",
    "consent_evidence": "record_id",
    "consent_record": "id subscriber_id sequence list_id kind at actor source wording commitment previous digest",
    "consent_seal": "number at records chains contents previous digest",
    "consent_seal_head": "seal subscriber_id sequence digest",
    "consent_seal_wording": "digest seal content",
    "delivery": "mailing_id position subscriber_id subscription_id state reason attempt first_at next_at at relay code"
    " enhanced date content_digest",
    "delivery_attempt": "id mailing_id position attempt at relay code enhanced",
    "delivery_window": "mailing_id first_position last_position batch provider state due_at owner executor epoch"
    " leased_at seen_at",
    "engine_seat": "id seen_at",
    "errand": "subscriber_id errand number asked_at",
    "installation": "id install_id secret_fingerprint created_at",
    "issue": "id publication_id state revision created_at due_at",
    "issue_correction": "id issue_id at text",
    "issue_item": "issue_id item_id",
    "issue_presence": "issue_id seen_at",
    "issue_revision": "issue_id number content at act places",
    "journal_folder": "id host generation mark seen_at doubt",
    "list_archive": "list_id visibility",
    "list_text": "id list_id passage language text changed_at",
    "list_wording": "id list_id language text since until",
    "mailing": "id kind name issue_id parent_id list_id compiled state reason stopped_for epoch due_at plan_cursor"
    " next_position planned_at created_at finished_at forgotten_to",
    "mailing_list": "id slug name language created_at form asks_measuring",
    "news_item": "id source_id origin identity title lead body credit caption date link language image image_alt"
    " image_width image_height version content_digest created_at changed_at",
    "pace": "key per_second even_at slowed_to slowed_from slowed_at held_until holds",
    "publication": "id slug name list_id imprint design language brand four_eyes created_at",
    "rate": "key even_at",
    "relay": "name failures retry_at since reply",
    "source": "id url kind title etag last_modified created_at checked_at succeeded_at failure trouble detail"
    " paused_at wanted_at",
    "spent_proof": "key spent_on expires_at",
    "staff_ceremony": "id digest kind user_id expires_at",
    "staff_grant": "id user_id publication_id",
    "staff_link": "id user_id key purpose created_at expires_at used_at",
    "staff_passkey": "id user_id sign_count created_at used_at",
    "staff_recovery_code": "id user_id digest used_at",
    "staff_session": "id user_id digest created_at seen_at proven_at",
    "staff_user": "id created_at totp_step",
    "subscriber": "id created_at erased_at",
    "subscription": "id subscriber_id list_id state source created_at changed_at confirmation_sent_at",
    "subscription_topic": "subscription_id",
    "suppression": "id address_hash reason at",
    "topic": "id list_id slug names position",
    "wording": "digest language text created_at",
}


def _columns() -> "Iterator[Column[object]]":
    for table in Base.metadata.sorted_tables:
        yield from table.columns


def test_every_column_is_decided(migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated}")
    seen = inspect(engine)
    there = {f"{table}.{column['name']}" for table in seen.get_table_names() for column in seen.get_columns(table)}
    engine.dispose()
    marked = {str(column) for column in _columns() if column.info in (READER, STAFF)}
    of_nobody = {f"{table}.{name}" for table, names in OF_NOBODY.items() for name in names.split()}

    assert marked & of_nobody == set()
    assert there - marked - {"alembic_version.version_num"} == of_nobody


def test_what_tells_of_readers_has_exactly_one_holder() -> None:
    held = [table.__tablename__ for holder in holders() for table in holder.tables]

    assert sorted(held) == sorted({column.table.name for column in _columns() if column.info == READER})


def test_every_holder_has_a_name_of_its_own() -> None:
    names = [holder.name for holder in holders()]

    assert sorted(names) == sorted(set(names))
