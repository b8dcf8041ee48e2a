"""The system mails whose words a list can change: a subject and a body, in which stands one link, with its button.

A mail that is declared here has its templates already (`templates/mail/letter`): how to add one is in CONTRIBUTING.
"""

from newsletter.i18n import N_
from newsletter.texts.passages import DAYS, LINK, LIST, PUBLISHER, Passage, Place, Placeholder, Shape


def letter(
    name: str,
    *,
    meaning: str,
    knows: tuple[Placeholder, ...],
    subject: str,
    body: str,
    needs: tuple[Placeholder, ...] = (),
    link: str = "",
    button: str = "",
    plain: bool = False,
) -> Place:
    """Declare a mail; its texts are marked by `N_`, and `needs` are the placeholders its body must hold.

    With a `link`, `{link}` is a paragraph of the body, shown as a button in the HTML part, and must stay
    there; without one there is no button. `plain` is for a mail to somebody who may not have asked for it.
    """
    place, its_link = f"mail.{name}", (LINK,) if link else ()
    parts = (
        Passage(place, "subject", subject, Shape.LINE, knows=knows, plain=plain),
        Passage(place, "body", body, Shape.PROSE, (*knows, *its_link), (*its_link, *needs), plain),
    )
    its_button = (Passage(place, "button", button, Shape.BUTTON, plain=plain),) if link else ()
    return Place(place, meaning, (*parts, *its_button), link=link)


CONFIRMATION = letter(
    "confirmation",
    meaning=N_("the mail that asks whether it was the reader who signed up"),
    link="confirm",
    knows=(LIST, PUBLISHER, DAYS),
    needs=(LIST,),
    subject=N_("Please confirm: {list}"),
    body=N_(
        "This e-mail address was entered to receive “{list}” by e-mail.\n"
        "Sender: {publisher}\n"
        "\n"
        "If that was you, please confirm here:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for {days} days.\n"
        "\n"
        "If it was not you, you need not do anything: without confirmation you receive nothing."
    ),
    button=N_("Confirm subscription"),
    plain=True,
)

LETTERS = (CONFIRMATION,)
