import datetime as dt

import pytest
from sqlalchemy.dialects import sqlite

from subscribers.orm import UtcDateTime

DIALECT = sqlite.dialect()


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        UtcDateTime().process_bind_param(dt.datetime(2026, 11, 23, 10, 0), DIALECT)


def test_what_comes_back_is_utc() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))

    stored = UtcDateTime().process_bind_param(dt.datetime(2026, 11, 23, 10, 0, tzinfo=berlin), DIALECT)
    read = UtcDateTime().process_result_value(stored, DIALECT)

    assert read == dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
