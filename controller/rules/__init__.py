"""Inbox rules as documents and both services know them; the aspect `rules` plans and writes them."""
