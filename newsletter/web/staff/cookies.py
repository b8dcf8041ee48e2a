"""The two cookies of the staff: who is signed in, and what lies between two requests.

Over https their names begin with `__Host-`, so that browsers take them from this host alone, and only encrypted. The
loopback demo has no https, and so plain names.

Source: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis, section 4.1.3.
"""

from enum import StrEnum

from fastapi import Request
from fastapi.responses import Response

from newsletter.settings import Settings


class Cookie(StrEnum):
    """What a cookie is for."""

    SESSION = "newsletter-session"
    STEP = "newsletter-step"  # a ceremony


def read(request: Request, cookie: Cookie, settings: Settings) -> str:
    """The token in a cookie; empty without one."""
    return request.cookies.get(name_of(cookie, settings), "")


def write(response: Response, cookie: Cookie, token: str, settings: Settings) -> None:
    """Have the browser keep a token until it is closed."""
    secure = _is_encrypted(settings)
    response.set_cookie(name_of(cookie, settings), token, path="/", secure=secure, httponly=True, samesite="lax")


def clear(response: Response, cookie: Cookie, settings: Settings) -> None:
    """Have the browser forget a token."""
    secure = _is_encrypted(settings)
    response.delete_cookie(name_of(cookie, settings), path="/", secure=secure, httponly=True, samesite="lax")


def name_of(cookie: Cookie, settings: Settings) -> str:
    """What the cookie is called in this installation."""
    return f"__Host-{cookie.value}" if _is_encrypted(settings) else cookie.value


def _is_encrypted(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
