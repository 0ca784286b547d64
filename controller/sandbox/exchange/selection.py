"""What a Get-* cmdlet selects: by Identity, Filter, type or prefix, in which order.

The order of one listing is fixed when it begins; pages are rendered from it one by one. A filter on an
identity is answered from the index instead of by looking at every object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from controller.sandbox.exchange import directory, opath, rows
from controller.sandbox.exchange.invocation import Invocation, Listing, Row
from controller.sandbox.world import Entry

# Properties that are identities of an object, so that the index finds what equals them.
IDENTITIES = frozenset(
    {
        "EmailAddresses",
        "PrimarySmtpAddress",
        "WindowsEmailAddress",
        "UserPrincipalName",
        "Alias",
        "Name",
        "DisplayName",
        "Guid",
        "ExchangeGuid",
        "ExternalDirectoryObjectId",
        "DistinguishedName",
        "LegacyExchangeDN",
    }
)
HONOURED = frozenset(
    {
        "Identity",
        "Filter",
        "RecipientTypeDetails",
        "Anr",
        "ANR",
        "ResultSize",
        "SortBy",
        "Sortby",
    }
)


def select(
    call: Invocation,
    layout: rows.Layout,
    types: Collection[str],
    *,
    deleted: tuple[bool, ...] = (False,),
) -> Listing:
    """Everything that the arguments of a Get-* cmdlet ask for. `deleted` says which of the live and the
    soft-deleted are looked at. CmdletError: an Identity that nobody or several answer to."""
    arguments = call.arguments

    def render(entry: Entry) -> Row | None:
        seen = call.view(entry)
        return layout.row(call, seen) if seen is not None else None

    filtered = None
    if arguments.text("Filter"):
        filtered = opath.parse(arguments["Filter"], layout.names(), IDENTITIES)
    identity = arguments.text("Identity")
    if identity is not None:
        one = _one(call, identity, types, deleted)
        # Both together are taken, and both must hold [doc: Filter is in every parameter set; inf: the rest].
        fits = filtered is None or filtered.test(_getter(call, layout, one))
        return Listing([one] if fits else [], render)
    wanted = arguments.get("RecipientTypeDetails")
    prefix = (arguments.text("Anr") or arguments.text("ANR") or "").lower()
    chosen = [
        (entry, seen)
        for entry, seen in _pool(call, types, deleted, filtered)
        if (not wanted or layout.value(call, seen, "RecipientTypeDetails") in wanted)
        and (not prefix or _begins(seen, prefix))
        and (filtered is None or filtered.test(_getter(call, layout, seen)))
    ]
    sort = arguments.text("SortBy") or arguments.text("Sortby")
    if sort:
        chosen.sort(key=lambda pair: str(layout.value(call, pair[1], sort) or "").lower())
    return Listing([entry for entry, _ in chosen], render)


def _one(call: Invocation, identity: str, types: Collection[str], deleted: tuple[bool, ...]) -> Entry:
    for among in deleted[:-1]:
        found = directory.matches(call, identity, types, deleted=among)
        if found:
            return directory.find(call, identity, types, deleted=among)
    return directory.find(call, identity, types, deleted=deleted[-1])


def _pool(
    call: Invocation, types: Collection[str], deleted: tuple[bool, ...], filtered: opath.Filter | None
) -> Iterator[tuple[Entry, Entry]]:
    if filtered is None or filtered.keys is None:
        for among in deleted:
            yield from directory.all_of(call, types, deleted=among)
        return
    met: set[str] = set()
    for key in sorted(filtered.keys):
        for entry in call.world.candidates(key):
            seen = call.view(entry)
            if (
                seen is not None
                and entry.object_id not in met
                and seen.type in types
                and (seen.deleted is not None) in deleted
                and not directory.is_past_keeping(call, seen)
            ):
                met.add(entry.object_id)
                yield entry, seen


def _begins(seen: Entry, prefix: str) -> bool:
    """Ambiguous name resolution: a prefix of a name or an address [doc: Anr]."""
    texts = (seen.name, seen.display_name, seen.alias, seen.primary, *seen.display_name.split())
    return any(text.lower().startswith(prefix) for text in texts)


def _getter(call: Invocation, layout: rows.Layout, seen: Entry) -> opath.Getter:
    def get(name: str) -> Any:
        return layout.value(call, seen, name)

    return get
