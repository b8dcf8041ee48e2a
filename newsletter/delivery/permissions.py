"""The permissions of the delivery room."""

from subscribers.actor import Permission

SEND_ISSUES = Permission("issues.send")
SEND_TESTS = Permission("issues.test")
