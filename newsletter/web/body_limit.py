"""No request brings more than a form needs: a longer body is answered 413 as soon as it is read."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LIMIT_BYTES = 64 * 1024
# A whole issue is saved at once.
LONG, LONG_LIMIT_BYTES = "/staff/issues/", 1024 * 1024


class BodyLimit:
    """Count the bytes a handler reads; what no handler reads is never kept."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        read_bytes = 0
        is_long = scope["type"] == "http" and scope["path"].startswith(LONG)
        limit_bytes = LONG_LIMIT_BYTES if is_long else self.limit_bytes

        async def counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > limit_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
