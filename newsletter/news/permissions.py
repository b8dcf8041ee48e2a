"""What acting on the news takes."""

from subscribers.actor import Permission

WRITE_NEWS = Permission("news.write")
