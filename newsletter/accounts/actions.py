"""What the actions of the audit log are called, in German and English.

    name_of("issue.approve", language="de")  # 'Ausgabe freigegeben'

A test finds every action that the code records and that has no name here.
"""

from collections.abc import Callable, Mapping

from newsletter.i18n import translations


def name_of(action: str, *, language: str) -> str:
    """An action in words; one of a version to come is shown as it is."""
    return names(language).get(action, action)


def names(language: str) -> Mapping[str, str]:
    """All actions by their key."""
    _ = translations(language).gettext
    return _of_the_staff(_) | _of_issues(_) | _of_lists(_) | _of_people(_) | _of_readers(_)


def _of_the_staff(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "installation.create": _("Installation made"),
        "staff.create": _("First user made"),
        "staff.invite": _("User invited"),
        "staff.accept": _("Invitation accepted"),
        "staff.change": _("Name or language changed"),
        "staff.role": _("Roles changed"),
        "staff.deactivate": _("User deactivated"),
        "staff.reactivate": _("User activated again"),
        "staff.sign-in": _("Signed in"),
        "staff.sign-in-refused": _("Sign-in refused"),
        "staff.sign-out": _("Signed out"),
        "staff.session-end": _("Other devices signed out"),
        "staff.password": _("Password changed"),
        "staff.password-link": _("Link for a new password sent"),
        "staff.passkey-add": _("Passkey added"),
        "staff.passkey-remove": _("Passkey removed"),
        "staff.codes-on": _("Codes of an app switched on"),
        "staff.codes-off": _("Codes of an app switched off"),
        "staff.recovery-codes": _("New recovery codes made"),
        "staff.reset-second-factor": _("Second factor removed by an admin"),
        "staff.provider": _("Tied to the sign-in provider"),
        "audit.export": _("Audit log exported"),
        "alert.acknowledge": _("Alert taken on"),
        "rate.set": _("Rate changed"),
    }


def _of_issues(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "issue.create": _("Issue begun"),
        "issue.copy": _("Issue copied"),
        "issue.save": _("Issue saved"),
        "issue.submit": _("Issue submitted"),
        "issue.approve": _("Issue approved"),
        "issue.void approval": _("Approval voided"),
        "issue.send": _("Issue scheduled"),
        "issue.correct": _("Correction published"),
        "mailing.create": _("Mailing made"),
        "mailing.test": _("Test sent"),
        "mailing.system": _("System mail sent"),
        "mailing.pause": _("Mailing paused"),
        "mailing.resume": _("Mailing resumed"),
        "mailing.cancel": _("Mailing cancelled"),
        "mailing.resend": _("Unknown deliveries sent again"),
        "mailing.missed": _("Sent to those it missed"),
        "mailing.export": _("Recipients of a mailing exported"),
        "journal.recover": _("Journals read after a restore"),
        "news.add-source": _("Source added"),
        "news.ask-source": _("Source asked at once"),
        "news.pause-source": _("Source paused"),
        "news.resume-source": _("Source resumed"),
        "news.remove-source": _("Source removed"),
        "news.keep": _("News item kept"),
        "news.change": _("News item changed"),
        "publication.create": _("Publication made"),
        "publication.change": _("Publication changed"),
    }


def _of_lists(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "list.create": _("List made"),
        "list.form": _("Fields of the form changed"),
        "list.wording": _("Words of the form changed"),
        "list.ask measuring": _("Question about measuring switched"),
        "list.archive": _("Visibility of the archive changed"),
        "topic.add": _("Topic added"),
        "topic.rename": _("Topic renamed"),
        "topic.move": _("Topic moved"),
        "topic.remove": _("Topic removed"),
        "text.write": _("Text of pages or mails changed"),
        "text.reset": _("Text of pages or mails reset"),
    }


def _of_people(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "list.export": _("People exported"),
        "subscriber.import": _("People imported"),
        "subscriber.disclose": _("Data of a person disclosed"),
        "subscriber.erase": _("Data of a person erased"),
        "suppression.add": _("Address suppressed"),
        "suppression.lift": _("Suppression lifted"),
        "suppression.import": _("Suppressions imported"),
        "suppression.export": _("Suppressions exported"),
        "suppression.set_by_mistake": _("Suppression taken back"),
        "consent.seal": _("Consent records sealed"),
        "retention.run": _("Data past its time deleted"),
    }


def _of_readers(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "subscription.request": _("Subscription asked for"),
        "subscription.confirm": _("Subscription confirmed"),
        "subscription.leave": _("Unsubscribed"),
        "subscription.offer_undo": _("Offered to take the unsubscribing back"),
        "subscription.undo_leaving": _("Unsubscribing taken back"),
        "list.leave_reason": _("Reason for unsubscribing given"),
        "subscription.choose": _("Topics chosen"),
        "subscription.pause": _("Paused"),
        "subscription.resume": _("Pause ended"),
        "measuring.agree": _("Agreed to be measured"),
        "measuring.refuse": _("Refused to be measured"),
        "subscriber.tell_changes": _("Reader told of changed settings"),
        "subscriber.language": _("Language of a reader changed"),
        "subscriber.change-address": _("Address of a reader changed"),
        "errand.download": _("Link to one's own data sent"),
        "errand.erase": _("Link to delete one's data sent"),
        "errand.change-address": _("Link to change the address sent"),
        "errand.new-address": _("Link to a new address sent"),
    }
