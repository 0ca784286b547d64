"""Claiming an address: is it free, who holds it, and what a new mailbox is called inside the directory.

Addresses are unique over all recipients, the soft-deleted included, whose addresses stay reserved
[obs: ITSync; reference: Remove-Mailbox].
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from controller import canon
from controller.aspect import Context, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import NotFoundError, ServiceError
from controller.model import Absent, Finding, Observation, Origin, Present, Severity, Unreadable
from controller.spec.collections import is_exclusive

_NAME_LENGTH = 64  # of Name and Alias [doc: New-Mailbox]
_UNSAFE = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]|^\.+|\.+$|\.(?=\.)")


async def reserved_by(reader: Reader, address: str) -> str | None:
    """Who holds an address that the directory does not show: a soft-deleted object, by name; else None.

    Raises ServiceError where the service could not tell."""
    parameters = {"Identity": address, "IncludeSoftDeletedRecipients": True}
    try:
        rows = await reader.exchange("Get-Recipient", parameters)
    except NotFoundError:
        return None
    return f"{rows[0].get('DisplayName') or rows[0].get('Name')} (soft-deleted)" if rows else None


async def unless_reserved(reader: Reader, resource: Resource) -> Observation:
    """Of a resource that the directory does not show: absent, unless somebody soft-deleted holds its
    address."""
    if resource.unwanted or resource.holder:
        return Absent()
    address = resource.spec.address
    try:
        holder = await reserved_by(reader, address)
    except ServiceError as error:
        return Unreadable(error)
    if holder is None:
        return Absent()
    return Present({}, findings=(held(resource, address, holder, resource.at("address")),))


def secondary(
    row: Mapping[str, Any], directory: Directory, listed: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The further addresses of a mailbox that are people's to manage, in lower case: those of the service
    only where a document lists them all the same."""
    addresses = {
        canon.address(address)
        for address in map(str, row.get("EmailAddresses") or ())
        if address.startswith(canon.SMTP_PREFIX)
    }
    return frozenset(a for a in addresses if a in listed or not directory.belongs_to_service(a))


def listed(resource: Resource) -> Iterator[tuple[str, Origin]]:
    """The further addresses that the document lists: its aliases, and its former primary addresses."""
    for name, addresses in (
        ("aliases", resource.spec.aliases or ()),
        ("previousAddresses", resource.spec.previous_addresses or ()),
    ):
        for index, address in enumerate(addresses):
            if canon.address(address) != resource.key.address:
                yield address, resource.at(name, str(index))


def released(resources: Iterable[Resource], directory: Directory, tenant: Any) -> dict[str, str]:
    """Addresses that a document of this plan gives up, by the id of the change that does it: whoever
    takes one waits for that."""
    freed: dict[str, str] = {}
    for resource in resources:
        spec = resource.spec
        if resource.row is None or spec.aliases is None or not is_exclusive(spec, tenant, "aliases"):
            continue
        kept = {canon.address(address) for address, _ in listed(resource)}
        for address in secondary(resource.row, directory) - kept - {resource.key.address}:
            freed[address] = f"{resource.key}/aliases/{address}"
    return freed


def claim(
    resource: Resource, address: str, origin: Origin, context: Context
) -> tuple[tuple[str, ...], Finding | None]:
    """What taking an address has to wait for, and what stands in the way, if anything does."""
    freed = context.released.get(canon.address(address))
    others = [holder for holder in context.directory.by_address(address) if holder != resource.principal]
    if others and not freed:
        return (), held(resource, address, f"{others[0].address} ({others[0].type})", origin)
    if not context.directory.accepts(address):
        return (), not_accepted(resource, address, origin, context.directory)
    return ((freed,) if freed else ()), None


def held(resource: Resource, address: str, holder: str, origin: Origin) -> Finding:
    own = canon.address(address) == resource.key.address
    return Finding(
        "address-held",
        resource.key.address if own else f"{resource.key.address}/{canon.address(address)}",
        Severity.WARNING,
        f"{address} is held by {holder}: nothing of {resource.key.address} is changed until that is free",
        resource.key,
        origin,
        blocks=(resource.key, None),
    )


def not_accepted(resource: Resource, address: str, origin: Origin, directory: Directory) -> Finding:
    return Finding(
        "domain-not-accepted",
        f"{resource.key.address}/{canon.address(address)}",
        Severity.WARNING,
        f"{address}: {canon.domain(address)} is not an accepted domain of this tenant, which has "
        + ", ".join(sorted(directory.domains)),
        resource.key,
        origin,
        blocks=(resource.key, None),
    )


def free_name(address: str, directory: Directory) -> str:
    """A Name and Alias for a new mailbox: the local part where it is free, always the same for one
    address and one directory. Names are unique in the directory, addresses only with their domain."""
    local, _, domain = address.partition("@")
    plain = _UNSAFE.sub("_", local)[:_NAME_LENGTH]
    if domain.lower() == directory.default_domain and plain.lower() not in directory.names:
        return plain
    tag = hashlib.sha256(canon.address(address).encode()).hexdigest()[:6]
    return f"{plain[: _NAME_LENGTH - 7]}-{tag}"
