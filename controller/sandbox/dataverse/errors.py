"""Dataverse's refusals: OData errors whose codes are hexadecimal numbers.

[doc: Compose HTTP requests and handle errors; Dataverse Web API client errors; service protection API limits]
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class DataverseError(Exception):
    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, dict[str, str]]:
        return {"error": {"code": self.code, "message": self.message}}


def no_segment(name: str) -> DataverseError:
    """Names are sensitive to case, and an unknown one is 404, not 400 [doc: client errors]."""
    return DataverseError(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def no_property(name: str, type_name: str) -> DataverseError:
    text = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_name}'."
    return DataverseError(400, "0x80060888", text)


def no_row(type_name: str, ident: str) -> DataverseError:
    return DataverseError(404, "0x80040217", f"Entity '{type_name}' With Id = {ident} Does Not Exist")


def malformed(text: str) -> DataverseError:
    return DataverseError(400, "0x80048d19", f"Error identified in Payload provided by the user: {text}")


def bad_query(text: str) -> DataverseError:
    return DataverseError(400, "0x80060888", text)


def stale() -> DataverseError:
    text = "The version of the existing record doesn't match the RowVersion property provided."
    return DataverseError(412, "0x80060882", text)


def exists() -> DataverseError:
    return DataverseError(412, "0x80060892", "A record with matching key values already exists.")


def not_a_member(user: str) -> DataverseError:
    """The application is no user of this environment [obs: many reports of this very text]."""
    return DataverseError(403, "0x80072560", f"The user is not a member of the organization. ({user})")


def flow_refused(status: str, code: str, message: str) -> DataverseError:
    """What the flow service behind Dataverse said, quoted in Dataverse's own words [obs: coe-starter-kit
    issue 3535]."""
    said = json.dumps({"error": {"code": code, "message": message}}, separators=(",", ":"))
    text = f'Flow client error returned with status code "{status}" and details "{said}".'
    return DataverseError(400, "0x80060467", text)
