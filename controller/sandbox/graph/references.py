"""References to objects in bodies: `{"@odata.id": "https://graph…/v1.0/directoryObjects/{id}"}`.

The fact a reader would not guess: host and version of the URL do not matter, and a user may be named by
principal name there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from controller.sandbox.graph.errors import bad_request
from controller.sandbox.graph.wire import Request

if TYPE_CHECKING:
    from controller.sandbox.graph.tenant import Tenant


def linked(tenant: Tenant, request: Request, link: Any) -> str:
    """The object id behind a reference.

    Raises:
        GraphError: 400 for what is no reference, 404 for one to nobody.
    """
    if not isinstance(link, str) or "/" not in link:
        raise bad_request("Invalid URL format specified in @odata.id for reference property: members.")
    last = unquote(link.rstrip("/").rpartition("/")[2])
    key = last.removesuffix(")").rpartition("(")[2].strip("'")
    if "@" in key:
        return tenant.user(key, request.caller).id
    return tenant.object(key, request.caller).id
