"""The words of system mails and public pages, and what a list says in their place."""
