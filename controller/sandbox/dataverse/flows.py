"""Cloud flows: what Dataverse asks of one, what it makes of its definition, when it lets it be switched on.

The facts a reader would not guess: the definition is a string that holds JSON; it comes back with metadata
and entries of its own, in another order; a new flow is always off; and it cannot be switched on while a
connection reference has no connection, which only a person can make [doc: Work with cloud flows using code;
reference: Graph API, 22].
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from controller.sandbox.dataverse.errors import flow_refused, malformed
from controller.sandbox.environment import Environment, Row

_REQUIRED = ("category", "name", "type", "primaryentity", "clientdata")
_CLOUD_FLOW = 5
_NAMESPACE = uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301")


def new(row: Row) -> None:
    """Checks and completes a flow that is being made."""
    for name in _REQUIRED:
        if row.get(name) is None:
            raise malformed(f"The '{name}' field is required.")
    if row["category"] != _CLOUD_FLOW:
        raise malformed("only cloud flows (category 5) can be made here.")
    row |= {"statecode": 0, "statuscode": 1}


def written(environment: Environment, row: Row, sent: Row) -> None:
    """What follows from a write of some columns."""
    if "clientdata" in sent:
        row["clientdata"] = _rewritten(row["workflowid"], sent["clientdata"])
    if "statecode" in sent:
        row["statuscode"] = {0: 1, 1: 2}.get(sent["statecode"], 3)
    if row["statecode"] == 1 and {"statecode", "clientdata"} & sent.keys():
        _activate(environment, row)


def _rewritten(ident: str, clientdata: Any) -> str:
    if not isinstance(clientdata, str):
        raise malformed("Cannot convert a value to target type 'Edm.String' because of conflict.")
    try:
        held = json.loads(clientdata)
        properties = held["properties"]
        definition = properties["definition"]
        steps = [*definition["triggers"].items(), *definition["actions"].items()]
        references = properties["connectionReferences"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise flow_refused(
            "BadRequest", "InvalidFlowDefinition", "The flow definition is not valid."
        ) from None
    for name, step in steps:
        made = str(uuid.uuid5(_NAMESPACE, f"{ident}/{name}"))
        step.setdefault("metadata", {}).setdefault("operationMetadataId", made)
    for reference in references.values():
        reference.setdefault("impersonation", {})
    held.setdefault("schemaVersion", "1.0.0.0")
    return json.dumps(held, sort_keys=True, ensure_ascii=True)


def _activate(environment: Environment, row: Row) -> None:
    by_name = {
        str(each.get("connectionreferencelogicalname")).lower(): each
        for each in environment.rows("connectionreferences").values()
    }
    for reference in json.loads(row["clientdata"])["properties"]["connectionReferences"].values():
        name = str(reference.get("connection", {}).get("connectionReferenceLogicalName") or "")
        if name.lower() not in by_name or not by_name[name.lower()].get("connectionid"):
            raise flow_refused(
                "BadRequest",
                "XrmConnectionReferenceMissingConnection",
                f"Connection Id missing for connection reference logical name '{name}'.",
            )
