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
    def service_url(self) -> str:
        return f"{self.root}/{self.version}"

    def context(self, fragment: str) -> str:
        return f"{self.service_url}/$metadata#{fragment}"


@dataclass(slots=True)
class Answer:
    """`body` None is an empty body; a string goes out as text (`/$count`)."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
