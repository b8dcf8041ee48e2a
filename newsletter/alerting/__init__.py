"""Telling people of alerts: by mail, over a relay that need not be the one that failed, and by web hook.

    with Attendant(database, channels, clock=app.now):   # a thread of its own, with sessions of its own
        …

Nothing here goes through the ledger, because the ledger or its relay may be what failed; and nothing
here is waited for by anybody who sends.
"""
