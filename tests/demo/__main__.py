"""From news to inbox, each step by the commands and pages that everybody uses.

    make demo
    make demo FEED=https://example.org/feed.xml PAGE=https://example.org/news/1

Ends with exit status 0 only if exactly the people who agreed have the issue.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from tests.demo.inbox import Inbox, free_port

CONTENT = Path(__file__).parent / "content"
ANNA, BERND, CARLA = "anna.winter@leser.example", "bernd.krüger@leser.example", "carla@leser.example"
IMPORTED = ("helene.marquardt@leser.example", "jonas.ehrenfeld@leser.example", "redaktion@zeitung.example")
WAIT_S = 120.0
STEP_S = 120.0


class Demo:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path, inbox: Inbox) -> None:
        """Begin with an empty folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.inbox = inbox
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "NEWSLETTER_HOME": str(folder / "home"),
            "NEWSLETTER_SMTP_URL": inbox.url,
            "NEWSLETTER_BASE_URL": self.url,
            "NEWSLETTER_DEMO": "1",
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str, may_fail: bool = False) -> str:
        """Run `newsletter …`, show it, and give the last line of its answer."""
        print(f"\n$ newsletter {' '.join(_quoted(argument) for argument in arguments)}", flush=True)
        done = self._done(*arguments)
        print("\n".join(f"  {line}" for line in done.stdout.splitlines()), flush=True)
        if done.returncode and not may_fail:
            sys.exit(f"This step failed with exit status {done.returncode}.")
        return done.stdout.splitlines()[-1] if done.stdout.strip() else ""

    def ask(self, *arguments: str) -> str:
        """Run `newsletter …` quietly and give its whole answer."""
        done = self._done(*arguments)
        done.check_returncode()
        return done.stdout

    def _done(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "newsletter", *arguments]
        try:
            return subprocess.run(
                command, env=self.environment, stdout=subprocess.PIPE, text=True, check=False, timeout=STEP_S
            )
        except subprocess.TimeoutExpired:
            sys.exit(f"This step did not end within {STEP_S:.0f} s.")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run `newsletter serve`, pages and worker, while something is done."""
        command = [sys.executable, "-m", "newsletter", "serve", "--port", str(self.port)]
        print(f"\n$ newsletter serve --port {self.port}   (in the background)", flush=True)
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(command, env=self.environment, stderr=log)
        try:
            _wait_for(f"{self.url}/healthz", process)
            yield
        finally:
            process.terminate()
            if process.wait(timeout=WAIT_S):
                sys.exit(f"`newsletter serve` ended with exit status {process.returncode}.")

    def post(self, url: str, **form: str) -> str:
        """Send a form as a browser does."""
        shown = re.sub("(confirm|leave)/.*", r"\1/…", url)
        print(f"\n> POST {shown}", flush=True)
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=WAIT_S) as answer:  # noqa: S310
            print(f"  {answer.status} {answer.reason}", flush=True)
            return str(answer.read().decode())

    def fill_in(self, url: str, **typed: str) -> str:
        """Open a page, fill in its form and send it, with what the form itself says, such as the words it shows."""
        said = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self._page(url))
        return self.post(url, **{**dict(said), **typed})

    def press(self, url: str) -> str:
        """Open a page and press its first button, as a reader does."""
        button = re.search(r'<button[^>]* name="([^"]+)"[^>]* value="([^"]+)"', self._page(url))
        return self.fill_in(url, **({button[1]: button[2]} if button else {}))

    def _page(self, url: str) -> str:
        with urllib.request.urlopen(url, timeout=WAIT_S) as answer:  # noqa: S310
            return str(answer.read().decode())


def main() -> None:
    """Play the whole story."""
    arguments = _arguments()
    began = time.monotonic()
    with Inbox() as inbox:
        demo = Demo(arguments.output, inbox)
        set_up(demo)
        gather(demo, arguments.feed, arguments.page)
        with demo.serving():
            _sign_up(demo)
            _first_issue(demo)
            _leave(demo)
            mailing = _second_issue(demo, arguments.output)
        _tell(demo, mailing)
        missing = _verify(demo)
    print(f"\nDone in {time.monotonic() - began:.0f} s.")
    if missing:
        sys.exit(f"The wrong people have the issue: {missing}")


def set_up(demo: Demo) -> None:
    """Make the installation, its publication, and readers from a file."""
    _headline("An installation, a list, a publication")
    demo.run("init", "--admin", "redaktion@weidental.example")
    demo.run("list", "create", "weidental", "--name", "Weidental aktuell", "--language", "de")
    sender = "Metropolregion Weidental <presse@weidental.example>"
    demo.run("publication", "create", "aktuell", "--list", "weidental", "--name", "Weidental aktuell", "--from", sender)
    imprint, brand = str(CONTENT / "impressum.txt"), str(CONTENT / "brand.toml")
    reply = "presse@weidental.example"
    demo.run("publication", "set", "aktuell", "--imprint", imprint, "--reply-to", reply, "--brand", brand)
    _headline("People who agreed before, with the proof of it; one row is broken")
    proof = "Einwilligung auf Papier, Neujahrsempfang am 12. Januar 2026, Ordner 7"
    people = str(CONTENT / "leser.csv")
    demo.run("subscriber", "import", people, "--list", "weidental", "--consent-proof", proof)


def gather(demo: Demo, feed: str, page: str) -> None:
    """Bring news into the pool."""
    _headline("News: a feed, a page and a file")
    demo.run("news", "import", feed, page, str(CONTENT / "meldung.txt"))
    demo.run("news", "list")


def _sign_up(demo: Demo) -> None:
    _headline("Three people sign up; two of them confirm")
    form = f"{demo.url}/lists/weidental"
    demo.fill_in(form, email=ANNA, salutation="Frau", first_name="Anna", last_name="Winter")
    demo.fill_in(form, email=BERND, first_name="Bernd", last_name="Krüger")
    demo.fill_in(form, email=CARLA)
    for address in (ANNA, BERND):
        mail = demo.inbox.last(address, count=1, within_s=WAIT_S)
        print(f"\n{address} reads: {mail['Subject']}")
        demo.press(_link(mail, "confirm"))
    demo.inbox.last(CARLA, count=1, within_s=WAIT_S)
    print(f"\n{CARLA} reads it too, and does nothing.")


def _first_issue(demo: Demo) -> None:
    _headline("A first issue, of one item")
    item = next(row for row in json.loads(demo.ask("news", "list", "--json")) if "meldung.txt" in row["source"])
    issue = demo.run("issue", "create", "aktuell", "--items", str(item["id"]))
    demo.run("issue", "approve", issue, "--by", "redaktion@weidental.example")
    demo.run("issue", "send", issue)
    for address in (ANNA, BERND):
        demo.inbox.last(address, count=2, within_s=WAIT_S)


def _leave(demo: Demo) -> None:
    _headline("Bernd leaves by the one-click button of his mail program (RFC 8058)")
    mail = demo.inbox.last(BERND, count=2, within_s=WAIT_S)
    print(f"  List-Unsubscribe-Post: {mail['List-Unsubscribe-Post']}")
    demo.post(mail["List-Unsubscribe"].strip("<>"), **{"List-Unsubscribe": "One-Click"})
    mail = demo.inbox.last(BERND, count=3, within_s=WAIT_S)
    print(f"\n{BERND} reads: {mail['Subject']}")


def _second_issue(demo: Demo, output: Path) -> str:
    _headline("The issue: composed, looked at, checked, approved, sent")
    issue = demo.run("issue", "create", "aktuell", "--suggest")
    demo.run("issue", "render", issue, "--output", str(output / "issue"))
    demo.run("issue", "check", issue)
    demo.run("issue", "test", issue, "--to", "redaktion@weidental.example")
    demo.run("issue", "approve", issue, "--by", "redaktion@weidental.example")
    mailing = demo.run("issue", "send", issue)
    _wait_until_sent(demo, mailing)
    return mailing


def _tell(demo: Demo, mailing: str) -> None:
    _headline("What became of it")
    demo.run("mailing", "statement", mailing)
    demo.run("mailing", "deliveries", mailing)
    _headline("Who agreed to what, and when")
    for address in (ANNA, BERND, CARLA, *IMPORTED):
        demo.run("consent", "export", address)
    demo.run("consent", "verify")
    folder = demo.folder / "mails"
    for address, mails in demo.inbox.mails.items():
        for number, mail in enumerate(mails, 1):
            path = folder / address / f"{number}.eml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mail)
    _headline("Where it lies")
    for what, place in (("HTML", "issue/issue.html"), ("text", "issue/issue.txt"), ("mails", "mails")):
        print(f"  {what:6} {demo.folder / place}")


def _verify(demo: Demo) -> str:
    """Say who has the second issue and should not, or should and has not."""
    # Bernd's third mail is the one that would take his leaving back; the second issue he does not get.
    wanted = {ANNA: 3, BERND: 3, CARLA: 1, "redaktion@weidental.example": 1, **dict.fromkeys(IMPORTED, 2)}
    got = {address: len(mails) for address, mails in demo.inbox.mails.items() if mails}
    return "" if got == wanted else f"{got}, not {wanted}"


def _wait_until_sent(demo: Demo, mailing: str) -> None:
    demo.run("mailing", "progress", mailing, "--follow")
    if json.loads(demo.ask("mailing", "statement", mailing, "--json"))["state"] != "sent":
        sys.exit(f"Mailing {mailing} was not sent.")


def _link(mail: EmailMessage, kind: str) -> str:
    text = mail.get_body(("plain",))
    found = re.search(rf"https?://\S+/{kind}/\S+", text.get_content()) if text else None
    if not found:
        sys.exit(f"The mail “{mail['Subject']}” holds no {kind} link.")
    return found[0]


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310
        except OSError:
            time.sleep(0.05)  # noqa: TID251
        else:
            return
    sys.exit(f"`newsletter serve` does not answer at {url}.")


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument


def _headline(text: str) -> None:
    print(f"\n{'─' * 78}\n{text}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From news to inbox.")
    parser.add_argument("--feed", default=os.environ.get("FEED") or str(CONTENT / "feed.xml"))
    parser.add_argument("--page", default=os.environ.get("PAGE") or str(CONTENT / "page.html"))
    parser.add_argument("--output", type=Path, default=Path("demo-out"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
