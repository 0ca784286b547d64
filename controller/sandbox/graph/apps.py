"""Service principals: the tenant's own applications, and the two services they are granted roles on.

What lives here: the rows and the grants behind `/servicePrincipals`. The fact a reader would not guess: a
grant names its role by id only; its name is in `appRoles` of the resource's service principal.
"""

from __future__ import annotations

import uuid
from typing import Any

from controller.sandbox.graph.permissions import sight
from controller.sandbox.graph.rows import Row
from controller.sandbox.state import Caller
from controller.sandbox.world import App, World

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
SERVICES = {GRAPH_APP: "Microsoft Graph", EXCHANGE_APP: "Office 365 Exchange Online"}

# Ids of application permissions [doc: graph/permissions-reference]. A role that is not here gets an id
# derived from its name: the same everywhere, but not Microsoft's.
_ROLE_IDS = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf4ac3a30e",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Exchange.ManageAsApp": "dc50a0fb-09a3-484d-be87-e023b12c6440",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
    "LicenseAssignment.ReadWrite.All": "5facf0c1-8979-4e95-abcf-ff3d079771c0",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
    "Mail.ReadWrite": "e2a3a72e-5f79-4c64-b1b1-878b674786c9",
    "Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96",
    "MailboxSettings.Read": "40f97065-369a-49f4-947c-6a255697ae91",
    "MailboxSettings.ReadWrite": "6931bccd-447a-43d1-b442-00a195474933",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Reports.Read.All": "230c1aed-a721-4c5d-9cb4-a90514e508ef",
    "User.EnableDisableAccount.All": "3011c876-62b7-4ada-afa2-506cbbecc68c",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadBasic.All": "97235f07-e226-4f63-ace3-39588e11d3a1",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
_NAMESPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def role_id(name: str) -> str:
    return _ROLE_IDS.get(name) or str(uuid.uuid5(_NAMESPACE, f"graph-app-role:{name}"))


def _service_id(world: World, app_id: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{world.tenant_id}:{app_id}"))


def ids(world: World) -> list[str]:
    return [*(app.object_id for app in world.apps.values()), *(_service_id(world, app) for app in SERVICES)]


def by_app_id(world: World, app_id: str) -> str | None:
    """The service principal's id of an application's client id."""
    app = world.apps.get(app_id.lower()) or world.apps.get(app_id)
    if app is not None:
        return app.object_id if app.consented else None
    return _service_id(world, app_id.lower()) if app_id.lower() in SERVICES else None


def row(world: World, object_id: str, caller: Caller) -> Row | None:
    """The service principal of that id, as a row."""
    for app in world.apps.values():
        if app.object_id.lower() == object_id and app.consented:
            return _row(world, app.object_id, caller, _own(world, app))
    for app_id, name in SERVICES.items():
        if _service_id(world, app_id) == object_id:
            return _row(world, object_id, caller, _service(world, app_id, name))
    return None


def _row(world: World, object_id: str, caller: Caller, values: dict[str, Any]) -> Row:
    return Row("servicePrincipal", object_id, world, None, values, sight(caller, "servicePrincipal"))


def _own(world: World, app: App) -> dict[str, Any]:
    return {
        "accountEnabled": app.enabled,
        "appDisplayName": app.name,
        "appId": app.client_id,
        "appOwnerOrganizationId": world.tenant_id,
        "appRoleAssignmentRequired": False,
        "displayName": app.name,
        "servicePrincipalNames": [app.client_id],
        "servicePrincipalType": "ManagedIdentity" if app.managed_identity else "Application",
        "signInAudience": "AzureADMyOrg",
    }


def _service(world: World, app_id: str, name: str) -> dict[str, Any]:
    granted = {role for app in world.apps.values() for role in app.graph_roles}
    roles = (
        {"Exchange.ManageAsApp"}
        if app_id == EXCHANGE_APP
        else {*_ROLE_IDS, *granted} - {"Exchange.ManageAsApp"}
    )
    return {
        "accountEnabled": True,
        "appDisplayName": name,
        "appId": app_id,
        "appOwnerOrganizationId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a",  # Microsoft's own tenant
        "appRoleAssignmentRequired": False,
        "appRoles": [_role(role) for role in sorted(roles)],
        "displayName": name,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs",
    }


def _role(name: str) -> dict[str, Any]:
    return {
        "allowedMemberTypes": ["Application"],
        "description": name,
        "displayName": name,
        "id": role_id(name),
        "isEnabled": True,
        "origin": "Application",
        "value": name,
    }


def grants(world: World, object_id: str) -> list[Row]:
    """What the application of that service principal was granted, one row a role."""
    found = _assignments(world, object_id)
    return [Row("appRoleAssignment", grant["id"], world, None, grant) for grant in found]


def _assignments(world: World, object_id: str) -> list[dict[str, Any]]:
    app = next((app for app in world.apps.values() if app.object_id.lower() == object_id.lower()), None)
    if app is None:
        return []
    granted = [(GRAPH_APP, role) for role in app.graph_roles]
    if app.exchange_app:
        granted.append((EXCHANGE_APP, "Exchange.ManageAsApp"))
    return [_assignment(world, app, resource, role) for resource, role in granted]


def _assignment(world: World, app: App, resource: str, role: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{app.object_id}:{resource}:{role}")),
        "deletedDateTime": None,
        "appRoleId": role_id(role),
        "createdDateTime": None,
        "principalDisplayName": app.name,
        "principalId": app.object_id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": SERVICES[resource],
        "resourceId": _service_id(world, resource),
    }
