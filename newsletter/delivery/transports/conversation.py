"""One SMTP connection, driven step by step over the standard library's client.

Each step has its own time limit, and whatever breaks becomes a `Reply` that names the step: no
exception of sockets, TLS or smtplib leaves this file. Only what breaks from the first octet of the
final dot on leaves a message in doubt.
"""

import base64
import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from newsletter.delivery.transports.urls import SmtpUrl, Tls
from newsletter.delivery.verdicts import CLOSING, Reply, Step

GOODBYE_S = 2.0  # nobody waits long for a goodbye

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait at each step. Source: RFC 5321, section 4.5.3.2; connecting is our own patience."""

    connect_s: float = 30
    command_s: float = 300
    data_s: float = 120
    block_s: float = 180
    final_dot_s: float = 600


class Failed(Exception):
    """A step did not go as it must."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.line)
        self.reply = reply


class Conversation:
    """From the greeting to QUIT with one relay."""

    def __init__(self, url: SmtpUrl, timeouts: Timeouts) -> None:
        """Take the relay; `open` connects."""
        self._url = url
        self._timeouts = timeouts
        self._client = smtplib.SMTP(local_hostname="localhost")  # its own default asks the name servers
        self.is_open = False

    def open(self) -> None:
        """Connect, encrypt and log in.

        Raises:
            Failed: with the reply of the step that failed; the connection is to be closed.
        """
        self._dial()
        self._read(Step.GREETING, wanted=220)
        self._greet()
        if self._url.tls in (Tls.REQUIRED, Tls.OPPORTUNISTIC):
            self._start_tls()
        if self._url.user:
            self._log_in()
        self.is_open = True

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message with CRLF line ends; afterwards the connection is ready again, or closed."""
        try:
            self._ask(Step.MAIL, f"MAIL FROM:<{sender}>{self._mail_options(sender, recipient, message)}")
            self._ask(Step.RCPT, f"RCPT TO:<{recipient}>")
            self._ask(Step.DATA, "DATA", wanted=354)
            reply = self._hand_over(message)
        except Failed as failed:
            reply = failed.reply
        self._make_ready(reply)
        return reply

    def close(self) -> None:
        """Say QUIT where somebody still listens."""
        if self.is_open:
            self.is_open = False
            with suppress(Failed):
                self._guarded(Step.CONNECT, GOODBYE_S, self._client.quit)
        self._client.close()

    def _dial(self) -> None:
        url = self._url
        try:
            connection = socket.create_connection((url.host, url.port), self._timeouts.connect_s)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the final dot must not wait for an ACK
            self._client.local_hostname = url.ehlo_name or _own_name(connection)
            self._client.sock = connection
            if url.tls is Tls.IMPLICIT:
                self._client.sock = self._tls_context().wrap_socket(connection, server_hostname=url.host)
        except (OSError, ValueError) as error:
            raise Failed(Reply(Step.CONNECT, None, "", _words(error))) from error

    def _greet(self) -> None:
        """EHLO, or HELO to a relay that knows no EHLO."""
        code, text = self._guarded(Step.EHLO, self._timeouts.command_s, self._client.ehlo)
        if code // 100 == 5:  # noqa: PLR2004  # 5xx
            code, text = self._guarded(Step.EHLO, self._timeouts.command_s, self._client.helo)
        _require(_reply(Step.EHLO, code, text), 250)

    def _start_tls(self) -> None:
        if not self._client.has_extn("starttls"):
            if self._url.tls is Tls.OPPORTUNISTIC:
                return
            words = "the relay offers no encryption (STARTTLS); tls=none would do without"
            raise Failed(Reply(Step.STARTTLS, None, "", words))
        self._ask(Step.STARTTLS, "STARTTLS", wanted=220)
        self._guarded(Step.STARTTLS, self._timeouts.command_s, self._shake_hands)
        self._greet()

    def _shake_hands(self) -> None:
        client = self._client
        if client.sock is not None:
            client.sock = self._tls_context().wrap_socket(client.sock, server_hostname=self._url.host)
        client.file = None  # what was read before TLS may come from anybody (RFC 3207, section 6)
        client.esmtp_features.clear()

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._url.ca_file:
            context.load_verify_locations(self._url.ca_file)
        if self._url.tls is Tls.OPPORTUNISTIC:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _log_in(self) -> None:
        """AUTH PLAIN (RFC 4616) in UTF-8, else LOGIN."""
        offered = self._client.esmtp_features.get("auth", "").upper().split()
        user, password = self._url.user, self._url.password
        if "PLAIN" in offered:
            self._ask(Step.AUTH, f"AUTH PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}", wanted=235)
        elif "LOGIN" in offered:
            self._ask(Step.AUTH, "AUTH LOGIN", wanted=334)
            self._ask(Step.AUTH, _base64(user), wanted=334)
            self._ask(Step.AUTH, _base64(password), wanted=235)
        else:
            raise Failed(Reply(Step.AUTH, None, "", "the relay offers no login (AUTH PLAIN or LOGIN)"))

    def _mail_options(self, sender: str, recipient: str, message: bytes) -> str:
        """SIZE (RFC 1870), and SMTPUTF8 (RFC 6531) for an address outside ASCII: all else in a message is ASCII."""
        options = ""
        if self._client.has_extn("size"):
            limit = self._client.esmtp_features["size"]
            if limit.isdigit() and 0 < int(limit) < len(message):
                words = f"the message has {len(message)} octets, the relay takes {limit}"
                raise Failed(Reply(Step.MAIL, 552, "5.3.4", words))
            options += f" SIZE={len(message)}"
        if sender.isascii() and recipient.isascii() and message.isascii():
            return options
        if not self._client.has_extn("smtputf8"):
            step = Step.RCPT if sender.isascii() else Step.MAIL
            raise Failed(Reply(step, 553, "5.6.7", "the relay takes no address outside ASCII (SMTPUTF8)"))
        return f"{options} BODY=8BITMIME SMTPUTF8"

    def _hand_over(self, message: bytes) -> Reply:
        self._guarded(Step.BODY, self._timeouts.block_s, lambda: self._client.send(_dot_stuffed(message)))
        if self._has_news():  # hung up, or an answer too early: without the dot, nothing was sent for certain
            self._read(Step.BODY, wanted=0)
        self._guarded(Step.FINAL_DOT, self._timeouts.block_s, lambda: self._client.send(b".\r\n"))
        code, text = self._guarded(Step.FINAL_DOT, self._timeouts.final_dot_s, self._client.getreply)
        return _reply(Step.FINAL_DOT, code, text)

    def _has_news(self) -> bool:
        sock = self._client.sock
        return sock is not None and bool(select.select([sock], [], [], 0)[0])

    def _make_ready(self, reply: Reply) -> None:
        """RSET after a refusal; a connection that broke, or that the relay is closing, is dropped."""
        self.is_open = reply.code not in (None, CLOSING) and reply.step is not Step.BODY
        if self.is_open and reply.step is not Step.FINAL_DOT:
            try:
                self._ask(Step.MAIL, "RSET")
            except Failed:
                self.is_open = False
        if not self.is_open:
            self._client.close()

    def _ask(self, step: Step, command: str, *, wanted: int | None = None) -> None:
        """Send one command and go on only with the wanted reply (None: any 2xx)."""
        if any(letter < " " or letter == "\x7f" for letter in command):
            raise Failed(Reply(step, 553, "5.1.3", "an address with a control character is never sent"))
        octets = f"{command}\r\n".encode()
        self._guarded(step, self._timeouts.command_s, lambda: self._client.send(octets))
        self._read(step, wanted=wanted)

    def _read(self, step: Step, *, wanted: int | None = None) -> None:
        seconds = self._timeouts.data_s if step is Step.DATA else self._timeouts.command_s
        code, text = self._guarded(step, seconds, self._client.getreply)
        _require(_reply(step, code, text), wanted)

    def _guarded(self, step: Step, seconds: float, act: Callable[[], _T]) -> _T:
        """Act within the time of the step; whatever breaks becomes a reply without a code."""
        try:
            if self._client.sock is not None:
                self._client.sock.settimeout(seconds)
            return act()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Failed(Reply(step, None, "", _words(error))) from error


def _require(reply: Reply, wanted: int | None) -> None:
    code = reply.code or 0
    if code != wanted and not (wanted is None and code // 100 == 2):  # noqa: PLR2004  # 2xx
        raise Failed(reply)


def _reply(step: Step, code: int, text: bytes) -> Reply:
    """A reply as text on one line; smtplib gives -1 where a line was no reply."""
    words = " ".join(text.decode("utf-8", "replace").split())
    return Reply.parse(step, code, words) if code >= 200 else Reply(step, None, "", f"no SMTP reply: {words}")  # noqa: PLR2004  # RFC 5321, 4.2.1


def _dot_stuffed(message: bytes) -> bytes:
    """RFC 5321, section 4.5.2; what `assembly` builds never needs it."""
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..")


def _own_name(connection: socket.socket) -> str:
    """What we call ourselves: the full host name, else the address as a literal (RFC 5321, section 4.1.3)."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _words(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
