"""Where a guard sends whom it does not let in: to sign in, or to prove again who they are."""

from fastapi import FastAPI, Request, Response

from newsletter.web.staff import again, ways
from newsletter.web.staff.guards import ProofDue, SignInDue
from newsletter.web.visit import visit_of


def install(application: FastAPI) -> None:
    """Answer what the guards raise."""
    application.add_exception_handler(SignInDue, _sign_in)
    application.add_exception_handler(ProofDue, _prove)


def _sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInDue)  # noqa: S101  # installed for it alone
    asked = {} if error.to == ways.START else {"to": error.to}
    return ways.redirect(visit_of(request), ways.SIGN_IN, **asked)


def _prove(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProofDue)  # noqa: S101  # installed for it alone
    return ways.redirect(visit_of(request), again.PATH, to=error.to)
