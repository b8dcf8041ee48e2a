import pytest

from newsletter.news import headlines, metadata, pages

TEXT = "<p>Ein ganzer Absatz mit einem Satz, der von dem handelt, was oben steht.</p>"


def headline_of(html: str, *, url: str = "https://www.stadt-lindau.example/n/1") -> str:
    page = pages.parse(html)
    assert page is not None
    return headlines.find(page, metadata.read(page), url=url)[0]


@pytest.mark.parametrize(
    "html",
    [
        "<title>Neuer Steg eröffnet | Stadt Lindau</title><h1>Neuer Steg eröffnet</h1>",
        "<title>Stadt Lindau - Neuer Steg eröffnet</title><h1>Neuer Steg eröffnet</h1>",
        "<title>Stadt Lindau: Neuer Steg eröffnet</title><h1>Neuer Steg eröffnet</h1>",
        "<title>Neuer Steg eröffnet – Presse – Stadt Lindau</title><h1>Stadt Lindau</h1><h2>Neuer Steg eröffnet</h2>",
        "<title>Stadt Lindau</title><h1>Neuer Steg eröffnet</h1>",
        "<title>Aktuelles</title><h1>Aktuelles</h1><h2>Neuer Steg eröffnet</h2>",
        "<title>Stadt X</title><h1><a href='/'>Stadt X</a></h1><h2>Neuer Steg eröffnet</h2>",
        "<title>Stadt X</title><h1>Stadt X</h1><h2>Neuer Steg eröffnet</h2><div>© 2024 Stadt X</div>",
        "<title>Stadt X | Presse</title><div class=logo>Stadt X</div><h3>Neuer Steg eröffnet</h3>",
        "<title>Neuer Steg eröffnet - Stadt X</title><p><b>Neuer Steg eröffnet</b></p>",
        "<title>Neuer Steg eröffnet | Stadt X</title>",
        '<meta property="og:title" content="Neuer Steg…"><h1>Neuer Steg eröffnet</h1>',
        '<meta property="og:title" content="So schön ist der Steg"><h1>Neuer Steg eröffnet</h1>',
        "<title>Presseinformation 14/2021 - Stadt X</title><p>Presseinformation 14/2021<h2>Neuer Steg eröffnet</h2>",
        "<title>Neuer Steg eröffnet</title><nav><h2>Menü</h2></nav><h1>Neuer <em>Steg</em>\n eröffnet</h1>",
    ],
)
def test_the_headline_is_found_without_its_site(html: str) -> None:
    assert headline_of(html + TEXT) == "Neuer Steg eröffnet"


def test_a_dash_inside_a_headline_stays() -> None:
    html = "<title>Neuer Steg – endlich eröffnet</title><h1>Neuer Steg – endlich eröffnet</h1>"

    assert headline_of(html + TEXT) == "Neuer Steg – endlich eröffnet"


def test_a_dash_stays_also_where_the_title_stands_nowhere_else() -> None:
    assert headline_of("<title>Neuer Steg – endlich eröffnet</title>" + TEXT) == "Neuer Steg – endlich eröffnet"


def test_a_page_that_names_only_its_site_has_no_headline() -> None:
    assert headline_of("<title>Stadt Lindau</title>" + TEXT) == ""
