import pytest

from newsletter.database import Database, DatabaseUrlInvalid


@pytest.mark.parametrize("url", ["newsletter.db", "nosuchthing://user:geheim@host/x", "sqlite+nothing:///x"])
def test_a_url_that_names_no_database_is_one_sentence_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as raised:
        Database(url)

    assert str(raised.value).startswith("NEWSLETTER_DATABASE_URL is unusable: ")
    assert "geheim" not in str(raised.value)
