"""Whom a document means: addresses to people and groups, and what it asks for them at one moment."""
