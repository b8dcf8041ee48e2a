"""Where an article ends: the headings behind which a site puts other things.

ends_article("Mehr News")  # True
"""

import re

_THINGS = (
    "news|meldungen|nachrichten|themen|artikel|beiträge|pressemitteilungen|pressemeldungen|presseinformationen"
    "|pressemeldung|pressemitteilung|presseinformation|neuigkeiten|aktuelles|berichte|blogbeiträge|stories|geschichten"
)
_ENGLISH_THINGS = (
    "news|stories|articles|posts|topics|releases|press releases|updates|headlines|items|content|reading|links"
)
_ENDINGS = re.compile(
    r"(?:"
    rf"(?:mehr|weitere|aktuelle|aktuellste|neueste|andere|ältere|ähnliche|verwandte|passende)\s+(?:{_THINGS})"
    rf"(?:\s+(?:aus|zu|zum|zur|von)\b.*)?"
    r"|mehr\s+(?:zum|zu\s+diesem)\s+thema|mehr\s+aus\b.*|zum\s+thema|auch\s+interessant|schon\s+gelesen\??"
    r"|das\s+(?:könnte|dürfte)\s+(?:sie|dich|euch)\s+(?:auch|ebenfalls|interessieren)\b.*"
    r"|lesen\s+sie\s+(?:auch|mehr|weiter|außerdem|dazu)\b.*|lies\s+auch\b.*|weiterlesen|meistgelesen|am\s+meisten\s+gelesen"
    r"|(?:presse|medien)(?:kontakt|anfragen|stelle|ansprechpartner(?:in)?)"
    r"|(?:kontakt|ansprechpartner(?:in|:in|\*in|innen)?|rückfragen)\s+(?:für|der)\s+(?:die\s+)?(?:presse|medien|redaktion(?:en)?)"
    r"|kontakt\s+presse|rückfragen\s+bitte\s+an\b.*|über\s+den\s+autor|über\s+die\s+autorin"
    rf"|(?:more|related|latest|further|recent|other|similar|top|most\s+read)\s+(?:{_ENGLISH_THINGS})(?:\s+(?:from|on|in)\b.*)?"
    r"|more\s+(?:from|on\s+this|like\s+this)\b.*|you\s+(?:may|might)\s+also\b.*|read\s+(?:also|more|next)|see\s+also"
    r"|recommended(?:\s+for\s+you)?|(?:press|media)\s+(?:contacts?|enquiries|inquiries|office)"
    r"|contact\s+for\s+(?:the\s+)?(?:press|media)|about\s+the\s+author"
    r")\s*[:…»>]*",
    re.IGNORECASE,
)
_TOOLS = re.compile(
    r"(?:(?:diese[nr]?\s+)?(?:seite|artikel|beitrag|meldung)?\s*(?:teilen|drucken|empfehlen|weitersagen|merken)"
    r"|jetzt\s+teilen|teilen\s+(?:auf|mit|sie|über)\b.*|share(?:\s+(?:this|on|via)\b.*)?|print(?:\s+this\b.*)?"
    r"|zurück(?:\s+zur?\s.*)?|nach\s+oben|zum\s+seitenanfang|back(?:\s+to\b.*)?|kommentare?|comments?|anzeige|advertisement"
    r"|vorlesen|facebook|twitter|whatsapp|linkedin|xing|e-?mail|tweet|pinterest|instagram|mastodon|newsletter\s+abonnieren)"
    r"\s*[:…»>]*",
    re.IGNORECASE,
)
_LONGEST = 70  # characters; a longer line is a sentence that only begins alike


def ends_article(text: str) -> bool:
    """Tell whether a heading or a short line opens the part with other articles or the press contact."""
    return len(text) <= _LONGEST and bool(_ENDINGS.fullmatch(text.strip()))


def is_tool(text: str) -> bool:
    """Tell whether a short line only names a button of the site: share, print, back."""
    return len(text) <= _LONGEST and bool(_TOOLS.fullmatch(text.strip()))
