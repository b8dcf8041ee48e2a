"""The public pages whose words a list can change: those that speak of one list.

What a page has to hold, such as button, address and the words that are agreed to, its template holds.
"""

from newsletter.i18n import N_
from newsletter.texts.passages import ADDRESS, LIST, LISTS, PUBLISHER, Passage, Place, Placeholder, Shape

_SHAPES = {"heading": Shape.LINE, "lead": Shape.PROSE, "hint": Shape.PROSE, "button": Shape.BUTTON}


def page(
    name: str,
    *,
    meaning: str,
    knows: tuple[Placeholder, ...] = (LIST,),
    names_the_list: str = "",
    **texts: str,
) -> Place:
    """Declare a page; each text is one of heading, lead, hint and button, marked by `N_`.

    `names_the_list` is the part in which the list must be named: nobody agrees or leaves without knowing what it is.
    """
    place = f"page.{name}"
    passages = tuple(
        Passage(place, part, text, _SHAPES[part], knows=knows, needs=(LIST,) if part == names_the_list else ())
        for part, text in texts.items()
    )
    return Place(place, meaning, passages)


SIGN_UP = page(
    "sign_up",
    meaning=N_("the page with the sign-up form, also in a frame"),
    knows=(LIST, PUBLISHER),
    lead=N_("News by e-mail. You can unsubscribe at any time."),
    hint=N_("We then send you an e-mail with a link. You are subscribed once you have confirmed it."),
)
ASKED = page(
    "asked",
    meaning=N_("the page after the sign-up form"),
    knows=(LIST, PUBLISHER),
    heading=N_("Please look into your inbox"),
    lead=N_(
        "We are sending you an e-mail with a link. Open it and press the button there: "
        "then you are subscribed to “{list}”."
    ),
)
CONFIRM = page(
    "confirm",
    meaning=N_("the page behind the link of the confirmation mail, with the button"),
    knows=(LIST, ADDRESS),
    names_the_list="lead",
    heading=N_("Just one more press"),
    lead=N_("Confirm that you would like to receive “{list}” by e-mail."),
    button=N_("Confirm subscription"),
    hint=N_("You did not sign up? Then simply close this page: without confirmation you receive nothing."),
)
CONFIRMED = page(
    "confirmed",
    meaning=N_("the page after the button was pressed"),
    knows=(LIST, ADDRESS),
    heading=N_("You are subscribed"),
    lead=N_("From now on you receive “{list}”. You need not do anything else."),
    hint=N_("At the end of every issue there is a link to unsubscribe."),
)
CONFIRM_EXPIRED = page(
    "confirm_expired",
    meaning=N_("the page behind a confirmation link that no longer counts"),
    knows=(LIST, PUBLISHER),
    heading=N_("This link no longer counts"),
    lead=N_("It was too old, or something has changed since it was sent. Sign up again and you get a new one."),
    button=N_("Sign up again for “{list}”"),
)

LEAVE = page(
    "leave",
    meaning=N_("the page behind the link to unsubscribe, with the button"),
    knows=(LIST, ADDRESS),
    names_the_list="heading",
    heading=N_("Unsubscribe from “{list}”?"),
    lead=N_("Press the button and no further issue is sent to you. This takes effect at once."),
    hint=N_("Would you rather stay? Then simply close this page."),
)
LEFT = page(
    "left",
    meaning=N_("the page after a reader has left a list"),
    knows=(LIST, ADDRESS),
    heading=N_("You have unsubscribed"),
    lead=N_("You receive no further issue of “{list}”."),
)
UNDO = page(
    "undo",
    meaning=N_("the page behind the link that takes a leaving back, with the button"),
    knows=(LISTS, ADDRESS),
    heading=N_("Stay subscribed?"),
    lead=N_("Press the button, and you receive {lists} as before."),
    button=N_("Stay subscribed"),
    hint=N_("You did want to leave? Then simply close this page: nothing more is sent to you."),
)
UNDONE = page(
    "undone",
    meaning=N_("the page after a leaving was taken back"),
    knows=(LISTS, ADDRESS),
    heading=N_("You are still subscribed"),
    lead=N_("You receive {lists} as before."),
    hint=N_("A tip: cut off the end of an issue before you forward it. The link to unsubscribe there is yours."),
)
UNDO_EXPIRED = page(
    "undo_expired",
    meaning=N_("the page behind such a link that no longer counts"),
    knows=(LIST, PUBLISHER),
    heading=N_("This link no longer counts"),
    lead=N_(
        "It was too old, or something has changed since it was sent. Nothing was changed now. "
        "You can sign up again at any time."
    ),
    button=N_("Sign up again for “{list}”"),
)

PAGES = (SIGN_UP, ASKED, CONFIRM, CONFIRMED, CONFIRM_EXPIRED, LEAVE, LEFT, UNDO, UNDONE, UNDO_EXPIRED)
