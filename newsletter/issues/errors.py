"""What can be wrong with publications and issues."""

from newsletter.checks.finding import Finding
from newsletter.errors import NewsletterError


class PublicationNotFound(NewsletterError):
    """No publication has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is no publication “{slug}”. "
            f"`newsletter publication create {slug} --list … --name … --from …` makes one."
        )
        self.slug = slug


class PublicationExists(NewsletterError):
    """A publication has this slug already."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a publication “{slug}” already.")
        self.slug = slug


class DesignNotFound(NewsletterError):
    """No folder of this name holds a design."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no design “{name}”. There is: {', '.join(known) or 'none'}.")
        self.name = name


class BrandInvalid(NewsletterError):
    """A brand file cannot be read, or a value in it cannot be meant so."""


class IssueNotFound(NewsletterError):
    """No issue has this id."""

    def __init__(self, issue_id: int) -> None:
        super().__init__(f"There is no issue {issue_id}.")
        self.issue_id = issue_id


class RevisionNotFound(NewsletterError):
    """An issue has no revision of this number."""

    def __init__(self, issue_id: int, number: int) -> None:
        super().__init__(f"Issue {issue_id} has no revision {number}.")
        self.issue_id = issue_id
        self.number = number


class BlockNotFound(NewsletterError):
    """An issue has no block of this id."""

    def __init__(self, block: str) -> None:
        super().__init__(f"The issue has no block “{block}”: somebody may have removed it. Open the issue again.")
        self.block = block


class NothingNew(NewsletterError):
    """No item of the pool is left to suggest."""

    def __init__(self, publication: str, language: str) -> None:
        super().__init__(
            f"There is nothing new to suggest for “{publication}”: the pool holds no item in its language "
            f"({language}) that it has not used. `newsletter news fetch` or `newsletter news import …` brings more; "
            "--items takes any."
        )
        self.publication = publication


class GateClosed(NewsletterError):
    """The pre-flight checks found errors; `findings` holds all of them, warnings too."""

    def __init__(self, issue_id: int, findings: tuple[Finding, ...], errors: int) -> None:
        some = "one error stands" if errors == 1 else f"{errors} errors stand"
        super().__init__(
            f"Issue {issue_id} cannot be approved: {some}. `newsletter issue check {issue_id}` lists them."
        )
        self.issue_id = issue_id
        self.findings = findings


class PublicationNameInvalid(NewsletterError):
    """A name that readers see cannot be one."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The publication “{slug}” needs names of one line and at most 200 characters, also its sender's."
        )
        self.slug = slug


class FourEyes(NewsletterError):
    """The publication asks for a second person, and this is the first one."""

    def __init__(self, issue_id: int, person: str) -> None:
        super().__init__(f"Issue {issue_id} was submitted by {person}: somebody else has to approve it.")
        self.issue_id = issue_id
        self.person = person


class NotSubmitted(NewsletterError):
    """The publication asks for four eyes, and nobody has submitted the issue yet."""

    def __init__(self, issue_id: int) -> None:
        super().__init__(
            f"Issue {issue_id} needs a second person: submit it first (`newsletter issue submit {issue_id}`)."
        )
        self.issue_id = issue_id


class NotApproved(NewsletterError):
    """An issue is to be sent that nobody approved as it stands."""

    def __init__(self, issue_id: int, state: str) -> None:
        super().__init__(
            f"Issue {issue_id} is {state}. It has to be approved as it stands: "
            f"`newsletter issue approve {issue_id} --by …`."
        )
        self.issue_id = issue_id
        self.state = state


class SentAlready(NewsletterError):
    """An issue goes out once, and this one is on its way, out, or called off in the middle."""

    def __init__(self, issue_id: int, state: str) -> None:
        super().__init__(
            f"Issue {issue_id} is {state}; an issue goes out once. `newsletter mailing list` shows its mailing."
        )
        self.issue_id = issue_id
        self.state = state
