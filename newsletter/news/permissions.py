"""The permissions of the news room."""

from subscribers.actor import Permission

WRITE_NEWS = Permission("news.write")
