"""Folders of a mailbox: their paths and ids, who may do what in them, how long they keep mail."""
