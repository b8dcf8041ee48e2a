"""What went out, for everybody to read: an issue is archived when its mailing begins.

    publishing.publish(session, mailing)                          # by whoever plans the mailing
    reading.page(session, list_id, year=2026, words="", number=1)
    correcting.correct(session, issue_id, text="…", by=by, now=now)

The archive holds no person: what it keeps and shows is made of the compiled issue with every slot filled by its
fallback and every link of a reader's own by the page that explains it.
"""
