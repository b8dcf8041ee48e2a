import pytest

from newsletter.delivery.verdicts import Reply, Scope, Step, Verdict, verdict_on

TABLE = [
    # step, code, enhanced, verdict
    (Step.CONNECT, None, "", Verdict.RELAY_RESTS),
    (Step.GREETING, 554, "5.3.2", Verdict.RELAY_RESTS),
    (Step.EHLO, 550, "", Verdict.RELAY_RESTS),
    (Step.STARTTLS, None, "", Verdict.RELAY_RESTS),
    (Step.STARTTLS, 454, "4.7.0", Verdict.RELAY_RESTS),
    (Step.AUTH, 535, "5.7.8", Verdict.RELAY_RESTS),
    (Step.AUTH, 454, "4.7.0", Verdict.RELAY_RESTS),
    (Step.MAIL, None, "", Verdict.RELAY_RESTS),
    (Step.MAIL, 421, "4.4.2", Verdict.RELAY_RESTS),
    (Step.MAIL, 451, "", Verdict.RELAY_RESTS),
    (Step.MAIL, 452, "4.3.1", Verdict.RELAY_RESTS),
    (Step.MAIL, 550, "", Verdict.MAILING_STOPS),
    (Step.MAIL, 553, "5.1.8", Verdict.MAILING_STOPS),
    (Step.MAIL, 552, "5.3.4", Verdict.MAILING_STOPS),
    (Step.MAIL, 530, "5.7.0", Verdict.MAILING_STOPS),
    (Step.RCPT, None, "", Verdict.RELAY_RESTS),
    (Step.RCPT, 421, "", Verdict.RELAY_RESTS),
    (Step.RCPT, 450, "", Verdict.DEFERRED),
    (Step.RCPT, 450, "4.2.0", Verdict.DEFERRED),
    (Step.RCPT, 452, "4.2.2", Verdict.DEFERRED),
    (Step.RCPT, 452, "4.3.1", Verdict.RELAY_RESTS),
    (Step.RCPT, 450, "4.1.8", Verdict.RELAY_RESTS),
    (Step.RCPT, 450, "4.7.1", Verdict.DEFERRED),
    (Step.RCPT, 550, "", Verdict.REJECTED),
    (Step.RCPT, 550, "5.1.1", Verdict.REJECTED),
    (Step.RCPT, 553, "5.1.3", Verdict.REJECTED),
    (Step.RCPT, 553, "5.1.7", Verdict.MAILING_STOPS),
    (Step.RCPT, 550, "5.1.8", Verdict.MAILING_STOPS),
    (Step.RCPT, 552, "5.2.2", Verdict.REJECTED),
    (Step.RCPT, 550, "5.4.1", Verdict.REJECTED),
    (Step.RCPT, 554, "5.7.1", Verdict.MAILING_STOPS),
    (Step.RCPT, 553, "5.6.7", Verdict.REJECTED),
    (Step.RCPT, 250, "", Verdict.RELAY_RESTS),
    (Step.DATA, None, "", Verdict.RELAY_RESTS),
    (Step.DATA, 250, "2.0.0", Verdict.RELAY_RESTS),
    (Step.DATA, 451, "4.3.0", Verdict.RELAY_RESTS),
    (Step.DATA, 554, "5.5.1", Verdict.REJECTED),
    (Step.BODY, None, "", Verdict.RELAY_RESTS),
    (Step.FINAL_DOT, 250, "2.0.0", Verdict.ACCEPTED),
    (Step.FINAL_DOT, 250, "", Verdict.ACCEPTED),
    (Step.FINAL_DOT, None, "", Verdict.UNKNOWN),
    (Step.FINAL_DOT, 354, "", Verdict.UNKNOWN),
    (Step.FINAL_DOT, 421, "4.3.2", Verdict.RELAY_RESTS),
    (Step.FINAL_DOT, 451, "4.3.0", Verdict.RELAY_RESTS),
    (Step.FINAL_DOT, 451, "4.7.1", Verdict.DEFERRED),
    (Step.FINAL_DOT, 452, "", Verdict.DEFERRED),
    (Step.FINAL_DOT, 550, "5.1.1", Verdict.REJECTED),
    (Step.FINAL_DOT, 552, "5.3.4", Verdict.MAILING_STOPS),
    (Step.FINAL_DOT, 554, "5.6.0", Verdict.MAILING_STOPS),
    (Step.FINAL_DOT, 554, "5.6.7", Verdict.MAILING_STOPS),
    (Step.FINAL_DOT, 550, "5.7.1", Verdict.MAILING_STOPS),
    (Step.FINAL_DOT, 554, "5.3.0", Verdict.REJECTED),
    (Step.FINAL_DOT, 554, "", Verdict.REJECTED),
]


@pytest.mark.parametrize(("step", "code", "enhanced", "verdict"), TABLE)
def test_each_number_has_its_verdict(step: Step, code: int | None, enhanced: str, verdict: Verdict) -> None:
    assert verdict_on(Reply(step, code, enhanced, "words decide nothing: mailbox full, spam, 5.1.1")) is verdict


def test_every_verdict_has_its_scope() -> None:
    assert {verdict: verdict.scope for verdict in Verdict} == {
        Verdict.ACCEPTED: Scope.RECIPIENT,
        Verdict.DEFERRED: Scope.RECIPIENT,
        Verdict.REJECTED: Scope.RECIPIENT,
        Verdict.UNKNOWN: Scope.RECIPIENT,
        Verdict.RELAY_RESTS: Scope.RELAY,
        Verdict.MAILING_STOPS: Scope.SENDER,
    }


@pytest.mark.parametrize(
    ("code", "text", "enhanced", "words"),
    [
        (550, "5.1.1 no such user", "5.1.1", "no such user"),
        (550, "5.01.001 no", "5.1.1", "no"),
        (250, "2.0.0", "2.0.0", ""),
        (550, "no such user", "", "no such user"),
        (550, "4.2.0 not of this class", "", "4.2.0 not of this class"),
        (450, "4.2.0later", "", "4.2.0later"),
        (250, "", "", ""),
    ],
)
def test_the_enhanced_code_is_taken_off_the_text(code: int, text: str, enhanced: str, words: str) -> None:
    reply = Reply.parse(Step.RCPT, code, text)

    assert (reply.enhanced, reply.text) == (enhanced, words)


def test_a_reply_is_shown_as_the_relay_wrote_it() -> None:
    assert Reply(Step.RCPT, 550, "5.1.1", "no such user").line == "550 5.1.1 no such user"
    assert Reply(Step.CONNECT, None, "", "Connection refused").line == "Connection refused"


def test_every_step_has_words_for_people() -> None:
    assert all(step.label for step in Step)


def test_whatever_a_relay_says_becomes_one_line_that_a_database_keeps() -> None:
    reply = Reply.parse(Step.RCPT, 550, "5.1.1 no\0such\r\n user \ud800" + "!" * 5000)

    assert reply.text == "nosuch user " + "!" * 988
    assert len(reply.text) == 1000


def test_a_reply_names_nobody_once_the_recipient_was_named() -> None:
    def said(step: Step) -> str:
        reply = Reply(step, 550, "5.1.1", "<presse@example.org> to <Anna@example.org>: no user anna")
        return reply.about_nobody("anna@example.org", sender="presse@example.org").text

    assert said(Step.RCPT) == "<presse@example.org> to <…@…>: no user …"
    assert said(Step.FINAL_DOT) == said(Step.RCPT)
    assert said(Step.MAIL) == "<presse@example.org> to <Anna@example.org>: no user anna"
