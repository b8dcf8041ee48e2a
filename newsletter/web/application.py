"""The web application: the public pages and the staff web of one opened installation.

    application = create(App.open(Settings()))

Handlers are plain functions that run in a pool of threads, like the use-cases they call. What holds
for every answer is around them: security headers, one log line without the path, a limit on bodies.
"""

from fastapi import FastAPI

from newsletter.app import App
from newsletter.web import files, mistakes
from newsletter.web.beat import BEAT_S, EvenAnswers
from newsletter.web.body_limit import BodyLimit
from newsletter.web.headers import SecurityHeaders
from newsletter.web.pages import Pages
from newsletter.web.public import (
    archive,
    archived,
    confirming,
    crawling,
    embedding,
    feed,
    landing,
    leaving,
    measuring,
    my_data,
    preferring,
    signing_up,
    undoing,
    viewing,
)
from newsletter.web.request_log import RequestLog
from newsletter.web.staff import ROUTERS, sending_away
from newsletter.web.staff.provider import provider_of
from newsletter.web.staff.same_origin import SameOrigin


def create(app: App, *, beat_s: float = BEAT_S) -> FastAPI:
    """Make the application; it uses the installation and does not close it. A beat of 0 holds no answer back."""
    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    application.state.installation = app
    application.state.pages = Pages(app.settings.template_folders(), settings=app.settings)
    # Of two addresses that both fit, the one named first counts.
    rooms = (
        landing,
        signing_up,
        embedding,
        confirming,
        leaving,
        undoing,
        preferring,
        measuring,
        my_data,
        viewing,
        archive,
        feed,
        archived,
        crawling,
        files,
    )
    routers = [*(room.router for room in rooms), *ROUTERS]
    application.state.provider = provider_of(app)
    for router in routers:
        application.include_router(router)
    mistakes.install(application, routes=[route for router in routers for route in router.routes])
    sending_away.install(application)
    # The last added is the outermost.
    application.add_middleware(BodyLimit)
    refusal = mistakes.foreign_page
    application.add_middleware(SameOrigin, public_url=app.settings.public_url, refusal=refusal)
    application.add_middleware(RequestLog, failure_page=mistakes.failure_page)
    if beat_s:
        application.add_middleware(EvenAnswers, beat_s=beat_s)
    application.add_middleware(SecurityHeaders)
    return application
