"""One line for each request, and a page instead of a crash.

A line tells the route's template, such as `/confirm/{token}`, never the path: paths hold tokens.
An error tells its class and where it was raised, never its message: messages hold addresses.
Status 0 is a request whose sender went away before it was answered.
"""

import time
import traceback
from collections.abc import Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("newsletter.web")


class RequestLog:
    """Log each request; answer an error that nobody caught with `failure_page`."""

    def __init__(self, app: ASGIApp, *, failure_page: Callable[[Request], Response]) -> None:
        self.app = app
        self.failure_page = failure_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, watching how it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = int(message.get("status", status))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            pass  # whoever asked has gone: nobody waits for an answer, and nothing is broken
        except Exception as error:  # noqa: BLE001  # the last resort: the visitor gets a page, the operator a line
            at = _place(error)
            log.error("request failed", route=_route(scope), error=type(error).__name__, at=at)  # noqa: TRY400  # never the message
            if not status:
                await self.failure_page(Request(scope))(scope, receive, watched)
        duration_ms = round((time.perf_counter() - begun) * 1000, 1)
        log.info("request", method=scope["method"], route=_route(scope), status=status, duration_ms=duration_ms)


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "none")


def _place(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-6:]]
