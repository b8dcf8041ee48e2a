"""The permissions of the delivery room."""

from subscribers.actor import Permission

SEND_ISSUES = Permission("issues.send")  # also to pause, resume and cancel what goes out
SEND_TESTS = Permission("issues.test")
SET_RATES = Permission("rates.set")
