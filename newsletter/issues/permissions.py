"""The permissions of the issues room."""

from subscribers.actor import Permission

WRITE_ISSUES = Permission("issues.write")
APPROVE_ISSUES = Permission("issues.approve")
MANAGE_PUBLICATIONS = Permission("publications.manage")
CORRECT_ISSUES = Permission("issues.correct")  # to say beside an issue that went out what was wrong in it
