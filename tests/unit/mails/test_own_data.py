import pytest
from sqlalchemy.orm import Session

from newsletter.delivery import samples
from newsletter.mails import own_data
from newsletter.mails.own_data import Origin
from newsletter.texts import writing
from newsletter.texts.letters import DOWNLOAD
from subscribers.models import Errand
from tests.support.makers import BY, NOW, a_list, a_publication


def a_sample(session: Session, errand: Errand | None, *, language: str = "de", body: str = "") -> samples.Sample:
    mailing_list = a_list(session)
    if body:
        passage = DOWNLOAD.passage("body")
        writing.write(session, mailing_list, passage=passage, language=language, text=body, by=BY, now=NOW)
    origin = Origin(a_publication(session, mailing_list), mailing_list, language)
    compiled = own_data.compiled(session, origin, errand)
    return samples.letter(compiled, link="errand", public_url="https://news.example.org", now=NOW)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("errand", list(Errand))
def test_every_errand_has_a_mail_with_its_link_that_tells_how_long_it_is_valid(
    session: Session, errand: Errand, language: str
) -> None:
    sample = a_sample(session, errand, language=language)

    assert sample.text.count("https://news.example.org/errand/") == 1
    assert {"de": "Der Link ist eine Stunde gültig.", "en": "The link is valid for one hour."}[language] in sample.text
    assert "Region aktuell" in sample.text
    assert all(line in sample.html for line in sample.text.splitlines() if line and "&" not in line)


def test_the_note_to_an_address_left_behind_has_no_link(session: Session) -> None:
    sample = a_sample(session, None)

    assert "https://" not in sample.text
    assert "<a " not in sample.html
    assert sample.text.startswith(
        "Was Sie von Presse erhalten, etwa „Region aktuell“, geht künftig an eine andere Adresse.\n"
    )


def test_a_list_says_it_in_its_own_words(session: Session) -> None:
    sample = a_sample(session, Errand.DOWNLOAD, body="Ihre Daten bei {publisher}:\n\n{link}")

    assert sample.text.startswith("Ihre Daten bei Presse:\n\nhttps://news.example.org/errand/")
