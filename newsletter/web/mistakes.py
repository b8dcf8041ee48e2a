"""Errors as kind pages: what happened, in the visitor's language, and a way on; never a traceback."""

from collections.abc import Iterable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from newsletter.errors import NewsletterError
from newsletter.readers.errors import ListNotOpen
from newsletter.web.staff.answers import open_page
from newsletter.web.staff.same_origin import is_staff
from newsletter.web.visit import visit_of
from subscribers.errors import ListNotFound, NotPermitted, SubscribersError

log = structlog.get_logger("newsletter.web")


def install(application: FastAPI, *, routes: Iterable[BaseRoute]) -> None:
    """Answer every error of the application with a page; `routes` are all it has."""
    application.state.routes = tuple(route for route in routes if isinstance(route, Route))
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(RequestValidationError, _missing)  # only paths are declared: no such number
    application.add_exception_handler(ListNotFound, _missing)
    application.add_exception_handler(ListNotOpen, _missing)
    application.add_exception_handler(NotPermitted, _forbidden)
    application.add_exception_handler(SubscribersError, _impossible)
    application.add_exception_handler(NewsletterError, _impossible)


def error_page(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
    """The page of an HTTP status; in the staff web, one of that."""
    visit = visit_of(request)
    if is_staff(request.url.path):
        return open_page(visit, "error.html", status=status, headers=headers, error=status)
    return visit.page("error.html", language=visit.language(), status=status, headers=headers, error=status)


def foreign_page(request: Request) -> Response:
    """The page for what another site has sent to the staff web."""
    return error_page(request, HTTPStatus.FORBIDDEN)


def failure_page(request: Request) -> Response:
    """The page for an error that nobody foresaw."""
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {"Allow": _allowed(request)} if status == HTTPStatus.METHOD_NOT_ALLOWED else None
    return error_page(request, status, headers)


def _missing(request: Request, error: Exception) -> Response:
    del error
    return error_page(request, HTTPStatus.NOT_FOUND)


def _forbidden(request: Request, error: Exception) -> Response:
    del error
    return error_page(request, HTTPStatus.FORBIDDEN)


def _impossible(request: Request, error: Exception) -> Response:
    """Say no more than that it failed: the message is for staff and may tell what is nobody's business."""
    log.error("request impossible", error=type(error).__name__)
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _allowed(request: Request) -> str:
    """The methods of all routes of this path; the router names those of the first alone."""
    here = [route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))
