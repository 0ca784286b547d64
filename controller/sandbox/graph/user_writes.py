"""Writing users: PATCH, POST, DELETE, and the bin they go to.

The facts a reader would not guess: PATCH answers 204 without a body; disabling sign-in has a permission of
its own, which opens nothing else, and passwords have one that nothing else opens; what Exchange masters of a
mailbox (custom attributes) and what a local directory masters (nearly everything) is refused with texts of
their own; DELETE takes the mailbox along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import bodies, entities, passwords, permissions
from controller.sandbox.graph.errors import (
    bad_request,
    conflict,
    exchange_mastered,
    not_found,
    not_offered,
    on_premises,
)
from controller.sandbox.graph.permissions import allowed, require
from controller.sandbox.graph.references import linked
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.rows import instant
from controller.sandbox.graph.users import by_principal_name, entity_body
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import MAILBOX_TYPES, Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph
    from controller.sandbox.graph.tenant import Tenant

# Only a signed-in person can set these [doc: graph/api/user-update].
_DELEGATED_ONLY = frozenset(
    {"aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName",
     "responsibilities", "schools", "skills"}
)  # fmt: skip
# Entra masters these even for objects that come from a local directory [doc: graph/api/user-update].
_CLOUD_EVEN_IF_SYNCED = frozenset({"usageLocation", "preferredDataLocation", "otherMails"})
_SPECIAL = {
    "accountEnabled": frozenset({"User.EnableDisableAccount.All"}),
    "otherMails": frozenset({"User-Mail.ReadWrite.All"}),
    "businessPhones": frozenset({"User-Phone.ReadWrite.All"}),
    "mobilePhone": frozenset({"User-Phone.ReadWrite.All"}),
}
_COUNTRY = re.compile(r"[A-Za-z]{2}")  # ISO 3166 [doc: graph/api/resources/user]
_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")


def update_user(graph: Graph, request: Request) -> Answer:
    body = bodies.json_object(request)
    type_ = entities.entity("user")
    values = bodies.read(body, type_)
    _authorise(request, values)
    bodies.lengths(values, type_)
    tenant = graph.tenant
    entry = tenant.target(tenant.user(request.params["user"], request.caller))
    _refuse_mastered(entry, values)
    _check_names(tenant, values, entry)
    if (values.get("passwordProfile") or {}).get("password"):
        passwords.check(values["passwordProfile"])
    tenant.before(entry)
    for name, value in values.items():
        _set(tenant, entry, name, value)
    tenant.world.reindex(entry)
    tenant.record(request, "Update user.", entry.upn or entry.object_id, _loggable(values))
    return Answer(204)


def _authorise(request: Request, values: Mapping[str, Any]) -> None:
    """Every property needs the general permission or its own; its own needs one to read users beside it."""
    if "passwordProfile" in values:
        passwords.authorise(request.caller)
        values = {name: value for name, value in values.items() if name != "passwordProfile"}
        if not values:
            return
    if allowed(request.caller, permissions.USERS_WRITE):
        return
    for name in values:
        require(request.caller, _SPECIAL.get(name, permissions.USERS_WRITE))
    require(request.caller, permissions.USERS_READ if values else permissions.USERS_WRITE)


def _refuse_mastered(entry: Entry, values: Mapping[str, Any]) -> None:
    if "mailboxSettings" in values:
        raise not_offered("mailboxSettings in a PATCH of the user: PATCH its own path instead")
    for name in values:
        if name in _DELEGATED_ONLY:
            raise bad_request(f"The property '{name}' cannot be updated with application permissions.")
        if entry.dir_synced and name not in _CLOUD_EVEN_IF_SYNCED:
            raise on_premises()
        if name == "onPremisesExtensionAttributes" and entry.type in MAILBOX_TYPES:
            raise exchange_mastered()


def _check_names(tenant: Tenant, values: Mapping[str, Any], entry: Entry | None) -> None:
    """A principal name in a verified domain that nobody else has, the bin's included; a real country."""
    upn = values.get("userPrincipalName")
    if upn is not None:
        domain = upn.rpartition("@")[2].lower()
        if "@" not in upn or domain not in {name.lower() for name in tenant.world.domains}:
            raise bad_request(
                "The domain portion of the userPrincipalName property is invalid. You must use one of the "
                "verified domain names in your organization."
            )
        if any(other is not entry and _named(other, upn) for other in tenant.world.candidates(upn)):
            raise conflict("userPrincipalName")
    place = values.get("usageLocation")
    if place is not None and not _COUNTRY.fullmatch(place):
        raise bad_request("Invalid value specified for property 'usageLocation' of resource 'User'.")
    mail = values.get("mail")
    if mail and tenant.world.holder(mail, besides=entry) is not None:
        raise conflict("proxyAddresses")


def _named(entry: Entry, upn: str) -> bool:
    return entry.deleted is None and (entry.upn or "").lower() == upn.lower()


def _set(tenant: Tenant, entry: Entry, name: str, value: Any) -> None:
    match name:
        case "accountEnabled":
            entry.account_enabled = bool(value)
        case "displayName":
            entry.display_name = value
        case "mailNickname":
            entry.alias = value
        case "userPrincipalName":
            entry.upn = value
        case "mail":
            _set_mail(entry, value)
        case "onPremisesExtensionAttributes":
            for attribute, text in (value or {}).items():
                entry.properties[f"CustomAttribute{attribute.removeprefix('extensionAttribute')}"] = text
        case "passwordProfile":
            passwords.take(entry, value or {}, instant(tenant.now))
        case _ if "@" not in name:
            entry.graph[name] = value


def _set_mail(entry: Entry, value: str | None) -> None:
    """Writing `mail` moves the primary address too [doc: graph/api/resources/user, proxyAddresses]."""
    if value is None:
        raise bad_request("Invalid value specified for property 'mail' of resource 'User'.")
    others = [a for a in entry.addresses if a[5:].lower() != value.lower() or a[:5].lower() != "smtp:"]
    demoted = [f"smtp:{a[5:]}" if a.startswith("SMTP:") else a for a in others]
    entry.addresses = [f"SMTP:{value}", *demoted]
    entry.graph.pop("mail", None)


def _loggable(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, "" if name == "passwordProfile" else value) for name, value in values.items()]


def create_user(graph: Graph, request: Request) -> Answer:
    """A user without a mailbox; a shared mailbox's user is made by Exchange."""
    type_ = entities.entity("user")
    values = bodies.read(bodies.json_object(request), type_)
    bodies.required(values, _REQUIRED, type_)
    bodies.lengths(values, type_)
    tenant = graph.tenant
    passwords.check(values["passwordProfile"])
    _check_names(tenant, values, None)
    world = tenant.world
    entry = Entry(
        object_id=world.new_id(),
        guid=world.new_id(),
        exchange_guid="",
        sid=world.new_sid(),
        type="User",
        name="",
        alias=values["mailNickname"],
        display_name=values["displayName"],
        created=tenant.now,
    )
    entry.name = entry.object_id
    tenant.world.before_write(entry, tenant.now, "", created=True)
    for name, value in values.items():
        _set(tenant, entry, name, value)
    world.add(entry)
    tenant.record(request, "Add user.", entry.upn or entry.object_id, _loggable(values))
    row = graph.made(entry, request)
    location = f"{request.service_url}/users/{entry.object_id}"
    return Answer(201, entity_body(request, row), {"Location": location})


def delete_user(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    entry = tenant.target(tenant.user(request.params["user"], request.caller))
    bin_user(graph, request, entry)
    return Answer(204)


def bin_user(graph: Graph, request: Request, entry: Entry) -> None:
    """Soft-deletes: thirty days in the bin, addresses and memberships kept."""
    if entry.dir_synced:
        raise on_premises()
    graph.tenant.before(entry)
    entry.deleted = graph.tenant.now
    graph.tenant.record(request, "Delete user.", entry.upn or entry.object_id, ())


def set_manager(graph: Graph, request: Request) -> Answer:
    link = bodies.json_object(request).get("@odata.id")
    tenant = graph.tenant
    boss = linked(tenant, request, link)
    entry = _own(graph, request)
    tenant.before(entry)
    entry.graph["manager"] = boss
    tenant.record(request, "Update user.", entry.upn or entry.object_id, [("Manager", boss)])
    return Answer(204)


def clear_manager(graph: Graph, request: Request) -> Answer:
    entry = _own(graph, request)
    if not entry.graph.get("manager"):
        raise not_found("manager")
    graph.tenant.before(entry)
    del entry.graph["manager"]
    graph.tenant.record(request, "Update user.", entry.upn or entry.object_id, [("Manager", "")])
    return Answer(204)


def _own(graph: Graph, request: Request) -> Entry:
    """The user of the path, where the cloud masters it."""
    entry = graph.tenant.target(graph.tenant.user(request.params["user"], request.caller))
    if entry.dir_synced:
        raise on_premises()
    return entry


_BY_NAME = "/users(userPrincipalName=)"
_MANAGER = "/users/{user}/manager/$ref"
ROUTES = (
    Route("PUT", _MANAGER, set_manager, permissions.USERS_WRITE, writes=True),
    Route("DELETE", _MANAGER, clear_manager, permissions.USERS_WRITE, writes=True),
    Route("PATCH", "/users/{user}", update_user, None, writes=True),
    Route("POST", "/users", create_user, permissions.USERS_WRITE, writes=True),
    Route("DELETE", "/users/{user}", delete_user, permissions.USERS_DELETE, writes=True),
    Route("PATCH", _BY_NAME, by_principal_name(update_user), None, writes=True),
    Route("DELETE", _BY_NAME, by_principal_name(delete_user), permissions.USERS_DELETE, writes=True),
)
