"""A request and an answer, apart from HTTP: the same for a call of its own and for a member of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.sandbox.state import Caller


class Missing:
    """No body at all, which is not the body `null`."""


class Unreadable:
    """A body that is not JSON."""


@dataclass(slots=True)
class Request:
    """One call. `path` is raw, below the version; `query` decoded pairs in order; header names in lower
    case; `root` the service's own address, for links. The router adds `params`, `cast` and `counting`."""

    method: str
    version: str
    path: str
    caller: Caller
    root: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = Missing
    request_id: str = ""
    client_request_id: str = ""
    inner: bool = False
    params: dict[str, str] = field(default_factory=dict)
    cast: str = ""
    counting: bool = False

    @property
    def annotated(self) -> bool:
        """Whether the caller wants @odata.context and @odata.type (`odata.metadata=none` says no)."""
        return "odata.metadata=none" not in self.headers.get("accept", "").lower()

    @property
    def service_url(self) -> str:
        return f"{self.root}/{self.version}"

    def context(self, fragment: str) -> str:
        return f"{self.service_url}/$metadata#{fragment}"


_KEPT = ("@odata.nextLink", "@odata.count", "@odata.deltaLink")


def bare(value: Any) -> Any:
    """A body without annotations, but for links and counts [doc: OData JSON format, metadata=none]."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if "@odata." not in k or k in _KEPT}
    return value


@dataclass(slots=True)
class Answer:
    """`body` None is an empty body; a string goes out as text (`/$count`)."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
