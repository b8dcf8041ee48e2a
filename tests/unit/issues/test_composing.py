import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.content.blocks import LeadStory, Picture, Story, Text
from newsletter.issues import composing, revisions
from newsletter.issues.errors import NothingNew
from newsletter.issues.models import Publication
from newsletter.news.models import NewsItem
from tests.support.makers import BY, NOW, a_list, a_publication, an_item


@pytest.fixture
def publication(session: Session) -> Publication:
    return a_publication(session, a_list(session))


def test_the_first_item_leads_and_the_others_follow(session: Session, publication: Publication) -> None:
    park, tram = an_item(session), an_item(session, "Ein Ticket für alle")

    issue = composing.create(session, publication, items=[park, tram], by=BY, now=NOW)

    content = revisions.content_of(session, issue)
    assert content.subject == "Der Park ist fertig"
    assert content.preheader == "Ein Ticket für alle"
    assert [type(block) for block in content.blocks] == [Text, LeadStory, Story]
    assert [block.id for block in content.blocks] == ["b1", "b2", "b3"]


def test_a_placed_item_is_a_copy_that_remembers_its_version(session: Session, publication: Publication) -> None:
    park = an_item(session)
    issue = composing.create(session, publication, items=[park], by=BY, now=NOW)

    park.title, park.version = "Ein anderer Titel", 2

    block = revisions.content_of(session, issue).blocks[1]
    assert isinstance(block, LeadStory)
    assert block.title == "Der Park ist fertig"
    assert block.origin is not None
    assert (block.origin.item_id, block.origin.item_version) == (park.id, 1)


def test_a_linked_item_is_teased_and_an_unlinked_one_placed_whole(session: Session) -> None:
    teased = composing.placed(Story, an_item(session), block="b1", language="de")
    whole = composing.placed(Story, an_item(session, "Ohne Link", link=""), block="b2", language="de")

    assert teased.text == "<p>Nach sechs Jahren ist der Weg am Fluss begehbar.</p>"
    assert whole.text == (
        "<p>Nach sechs Jahren ist der Weg am Fluss begehbar.</p><p>„Ein Fluss für alle“, sagt die Planerin.</p>"
    )


@pytest.mark.parametrize(("language", "shown"), [("de", "20. November 2026"), ("en", "November 20, 2026")])
def test_the_date_is_written_in_the_publications_language(session: Session, language: str, shown: str) -> None:
    assert composing.placed(Story, an_item(session), block="b1", language=language).date == shown


def test_imported_words_never_become_a_merge_field(session: Session) -> None:
    placed = composing.placed(Story, an_item(session, "[[first_name|du]]"), block="b1", language="de")

    assert "[[" not in placed.title


def test_a_picture_comes_with_its_credit(session: Session) -> None:
    item = an_item(
        session,
        image="ab.jpg",
        image_width=1200,
        image_height=675,
        image_alt="Ein Weg",
        credit="Foto: Amt",
        caption="Am Fluss",
    )

    placed = composing.placed(LeadStory, item, block="b1", language="de")

    assert placed.picture == Picture("ab.jpg", "Ein Weg", 1200, 675, credit="Foto: Amt", caption="Am Fluss")


def test_the_suggestion_is_the_newest_that_the_publication_has_not_used(
    session: Session, publication: Publication
) -> None:
    used = an_item(session, "Schon verwendet")
    composing.create(session, publication, items=[used], by=BY, now=NOW)
    older = an_item(session, "Älter", date=dt.date(2026, 11, 1))
    newer = an_item(session, "Neuer", date=dt.date(2026, 11, 22))
    undated = an_item(session, "Ohne Datum", date=None)
    an_item(session, "In English", language="en")

    assert composing.suggested(session, publication) == [newer, older, undated]


def test_what_one_publication_used_is_still_new_to_another(session: Session, publication: Publication) -> None:
    item = an_item(session)
    composing.create(session, publication, items=[item], by=BY, now=NOW)
    other = a_publication(session, a_list(session, "wirtschaft"), "wirtschaft")

    assert composing.suggested(session, other) == [item]


def test_nothing_new_is_said_so(session: Session, publication: Publication) -> None:
    with pytest.raises(NothingNew, match="nothing new to suggest for “aktuell”"):
        composing.suggested(session, publication)


def test_items_know_the_issues_that_used_them(session: Session, publication: Publication) -> None:
    park, tram = an_item(session), an_item(session, "Ein Ticket")
    first = composing.create(session, publication, items=[park], by=BY, now=NOW)
    second = composing.create(session, publication, items=[park, tram], by=BY, now=NOW)

    assert revisions.uses(session) == {park.id: [first.id, second.id], tram.id: [second.id]}


def test_an_item_taken_out_of_an_issue_is_no_longer_used(session: Session, publication: Publication) -> None:
    park: NewsItem = an_item(session)
    issue = composing.create(session, publication, items=[park], by=BY, now=NOW)
    content = revisions.content_of(session, issue)

    revisions.save(session, issue, type(content)(content.subject, "", content.blocks[:1]), by=BY, now=NOW)

    assert revisions.uses(session) == {}


def test_a_copy_is_a_draft_with_the_same_words_and_items(session: Session, publication: Publication) -> None:
    park = an_item(session)
    first = composing.create(session, publication, items=[park], by=BY, now=NOW)

    copy = composing.copy(session, first, by=BY, now=NOW)

    assert (copy.state, copy.publication_id, copy.revision) == ("draft", publication.id, 1)
    assert revisions.content_of(session, copy) == revisions.content_of(session, first)
    assert revisions.uses(session) == {park.id: [first.id, copy.id]}
