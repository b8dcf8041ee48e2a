"""What waits for a person: an alert for each such state, raised once, ended by itself, acknowledged by name.

    watching.watch(session, now=now)                                        # every few seconds
    raising.raise_alert(session, causes.journal_unusable(host, reason), now=now)
    listing.waiting(session)                                                # for the start page
    acknowledging.acknowledge(session, alert, by=by, now=now)

Nearly all alerts are derived from the tables, not told: whoever crashes before telling forgets nothing.
Who is told, and how, is `newsletter.alerting`.
"""
