"""Ids that a service gave to what this run created, kept for as long as the run: a service may need a while
to show what it made, and answers with its id at once."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from controller.clients import Reader

_made: WeakKeyDictionary[Reader, dict[tuple[str, str], str]] = WeakKeyDictionary()


def remember(reader: Reader, account: str, what: str, ident: object) -> None:
    """`account` is `/users/{id}`, `what` a name such as `folder:clients/contrats`."""
    if ident:
        _made.setdefault(reader, {})[account, what] = str(ident)


def recall(reader: Reader, account: str, what: str) -> str | None:
    return _made.get(reader, {}).get((account, what))
