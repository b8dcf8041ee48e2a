"""The security headers of every answer, errors included.

A page that needs more sets its own header, which then stays: the view in the browser has its own
policy, pictures may be shown on other sites, static files may be cached.

Source: https://www.w3.org/TR/CSP3/, https://owasp.org/www-project-secure-headers/.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(*, script: bool = False, frame_ancestors: str = "'none'") -> str:
    """The content security policy of a page; `script` allows our own files, never a line in the page itself."""
    scripts = "script-src 'self'; worker-src 'self'; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src 'self'; img-src 'self' data:; "
        f"form-action 'self'; frame-ancestors {frame_ancestors}; base-uri 'none'"
    )


DEFAULTS = {
    "Content-Security-Policy": policy(),
    "Cache-Control": "no-store",  # many addresses hold a token
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Add to each answer what it did not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a completing `send`."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULTS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, completed)
