"""The system mails whose words a list can change: a subject and a body, in which stands one link, with its button.

A mail that is declared here has its templates already (`templates/mail/letter`): how to add one is in CONTRIBUTING.
"""

from newsletter.i18n import N_
from newsletter.texts.passages import CHANGES, DAYS, LINK, LIST, LISTS, PUBLISHER, Passage, Place, Placeholder, Shape


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

LEFT = letter(
    "left",
    meaning=N_("the mail that tells that somebody was unsubscribed, and lets the reader take it back"),
    link="undo",
    knows=(LIST, LISTS, PUBLISHER, DAYS),
    needs=(LISTS,),
    subject=N_("Unsubscribed: {list}"),
    body=N_(
        "We no longer send {lists} to this address: you unsubscribed, or somebody who has one of your issues did.\n"
        "Sender: {publisher}\n"
        "\n"
        "If that was you, you need not do anything.\n"
        "\n"
        "If it was not you, take it back here:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for {days} days."
    ),
    button=N_("Stay subscribed"),
    plain=True,
)
DOWNLOAD = letter(
    "download",
    meaning=N_("the mail with the link of one hour to all data kept of a reader"),
    link="errand",
    knows=(LIST, PUBLISHER),
    subject=N_("A copy of your data"),
    body=N_(
        "In the settings of “{list}” a copy of all data was asked for that {publisher} keeps of you.\n"
        "\n"
        "If that was you, you find it here:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for one hour.\n"
        "\n"
        "If it was not you, you need not do anything: nobody else gets your data."
    ),
    button=N_("See my data"),
)
ERASE = letter(
    "erase",
    meaning=N_("the mail with the link of one hour to delete all data kept of a reader"),
    link="errand",
    knows=(LIST, PUBLISHER),
    subject=N_("Delete your data"),
    body=N_(
        "In the settings of “{list}” it was asked to delete all data that {publisher} keeps of you.\n"
        "\n"
        "If that was you, go on here. Nothing is deleted before you have pressed the button there:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for one hour.\n"
        "\n"
        "If it was not you, you need not do anything: nothing is deleted."
    ),
    button=N_("On to deletion"),
)
CHANGE_ADDRESS = letter(
    "change-address",
    meaning=N_("the mail with the link of one hour to enter another address"),
    link="errand",
    knows=(LIST, PUBLISHER),
    subject=N_("Another address for “{list}”"),
    body=N_(
        "In the settings of “{list}” it was asked to send to another address from now on.\n"
        "\n"
        "If that was you, enter the new address here:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for one hour.\n"
        "\n"
        "If it was not you, you need not do anything: nothing changes."
    ),
    button=N_("Enter the new address"),
)
NEW_ADDRESS = letter(
    "new-address",
    meaning=N_("the mail that asks at a new address whether it is the reader's"),
    link="errand",
    knows=(LIST, PUBLISHER),
    needs=(LIST,),
    subject=N_("Please confirm your new address"),
    body=N_(
        "This e-mail address was entered to receive “{list}” here from now on instead of elsewhere.\n"
        "Sender: {publisher}\n"
        "\n"
        "If that was you, please confirm here:\n"
        "\n"
        "{link}\n"
        "\n"
        "The link is valid for one hour.\n"
        "\n"
        "If it was not you, you need not do anything: without confirmation you receive nothing."
    ),
    button=N_("Confirm the new address"),
    plain=True,
)
ADDRESS_CHANGED = letter(
    "address-changed",
    meaning=N_("the mail that tells an address left behind that it was changed"),
    knows=(LIST, PUBLISHER),
    subject=N_("Your address was changed"),
    body=N_(
        "What you receive from {publisher}, such as “{list}”, goes to another address from now on.\n"
        "\n"
        "If it was not you, please answer this e-mail: a person reads the answers."
    ),
)
SETTINGS_CHANGED = letter(
    "settings-changed",
    meaning=N_("the mail that tells a reader of a pause or an agreement to be measured, with the link to the settings"),
    link="preferences",
    knows=(LIST, CHANGES, PUBLISHER),
    needs=(CHANGES,),
    subject=N_("Your settings were changed"),
    body=N_(
        "The settings of what you receive at this address were changed: by you, or by somebody who has one of your "
        "issues.\n"
        "Sender: {publisher}\n"
        "\n"
        "{changes}\n"
        "\n"
        "If that was you, you need not do anything.\n"
        "\n"
        "If it was not you, take it back in your settings:\n"
        "\n"
        "{link}"
    ),
    button=N_("Open my settings"),
    plain=True,
)


LETTERS = (CONFIRMATION, LEFT, DOWNLOAD, ERASE, CHANGE_ADDRESS, NEW_ADDRESS, ADDRESS_CHANGED, SETTINGS_CHANGED)
