"""Tenant: which Microsoft 365 tenant the documents beside and below it describe, and how far to go."""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Iterator
from datetime import timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from controller.model import Mode
from controller.spec.collections import TenantAdditive, TenantExclusive
from controller.spec.dates import WINDOW_FORM, ApplyWindow, parse_window
from controller.spec.models.document import KIND, DocumentModel, Trouble, both_ways, twice
from controller.spec.models.notify import Notification
from controller.spec.models.safety import Safety
from controller.spec.models.scalars import Duration, Flag, Guid, Maybe, Name, SpecModel, Variable
from controller.spec.models.source import TrustedSource


class Cloud(StrEnum):
    """Which Microsoft cloud the tenant lives in."""

    GLOBAL = "global"
    US_GOV_HIGH = "us-gov-high"
    US_GOV_DOD = "us-gov-dod"
    CHINA = "china"


class Orphans(StrEnum):
    """report: rights of deleted people (bare SIDs) are told. remove: they are taken away."""

    REPORT = "report"
    REMOVE = "remove"


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
        near = difflib.get_close_matches(name.lower(), known, 1)
        meant = f" — did you mean {known[near[0]]!r}?" if near else ""
        raise ValueError(
            f"unknown time zone {name!r}: expected an IANA name such as Europe/Paris{meant}"
        ) from None
    return name


def _window(value: object) -> ApplyWindow:
    if isinstance(value, ApplyWindow):
        return value
    if isinstance(value, str):
        return parse_window(value)
    raise ValueError(f"expected {WINDOW_FORM}; got {value!r}")


ZoneName = Annotated[str, AfterValidator(_known_zone)]
Window = Annotated[
    ApplyWindow,
    PlainValidator(_window),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["mon-fri 08:00-18:00"]}),
]


class Organization(SpecModel):
    """The few settings of the whole organisation that team mailboxes depend on."""

    send_from_alias: Maybe[Flag] = Field(
        default=None,
        description="Whether people may send from an alias instead of the primary address. Left out: "
        "unmanaged.",
    )


class Tenant(DocumentModel):
    """One Microsoft 365 tenant. It rules the documents in its own folder and in the folders below, as far as
    none of those has a Tenant of its own. Credentials never stand here: they come from the environment."""

    kind: Literal["Tenant"] = Field(default="Tenant", description=KIND)
    name: Name = Field(
        description="What you call it: shown in plans, chosen with --tenant.", examples=["entreprise"]
    )
    tenant_id: Guid = Field(
        description="The directory (tenant) id that Entra shows.",
        examples=["7f1b2c3d-0000-4000-8000-000000000001"],
    )
    cloud: Cloud = Field(default=Cloud.GLOBAL, description="The Microsoft cloud it lives in. Default global.")
    time_zone: ZoneName = Field(
        default="UTC",
        description="IANA time zone in which dates and apply windows count. Default UTC.",
        examples=["Europe/Paris"],
    )
    mode: Mode = Field(
        default=Mode.REPORT,
        description="What the loop may do: report (default) tells what differs, apply writes it. A "
        "document can lower it for itself.",
    )
    interval: Duration = Field(
        default=timedelta(minutes=15), description="How often the loop looks: 90s, 15m, 1h. Default 15m."
    )
    apply_windows: Maybe[tuple[Window, ...]] = Field(
        default=None,
        description="When the loop may write, in the tenant's time zone: 'mon-fri 08:00-18:00', 'mon,wed "
        "22:00-04:00' (an end before its start runs over midnight). Outside it only reports. Left out: "
        "always.",
    )
    safety: Safety = Field(
        default_factory=Safety,
        description="Limits on what one run may take away, judged over the whole plan before the first "
        "write.",
    )
    orphans: Orphans = Field(
        default=Orphans.REPORT,
        description="Rights that belong to nobody any more (bare SIDs): report (default) or remove.",
    )
    source: Maybe[TrustedSource] = Field(
        default=None,
        description="Which commits the loop trusts: who must have signed them, and for which paths.",
    )
    notify: tuple[Notification, ...] = Field(
        default=(), description="Whom to tell, and of what. Addresses of hooks come from the environment."
    )
    organization: Maybe[Organization] = Field(
        default=None, description="The few settings of the organisation that team mailboxes depend on."
    )
    credentials: Maybe[Variable] = Field(
        default=None,
        description="A prefix for this tenant's settings: with ACME, MBX_ACME_CLIENT_ID is read before "
        "MBX_CLIENT_ID, and so on.",
        examples=["ACME"],
    )
    exclusive: tuple[TenantExclusive, ...] = Field(
        default=(),
        description="Collections that are the whole truth in every document that does not say otherwise: "
        "what is not listed is removed.",
    )
    additive: tuple[TenantAdditive, ...] = Field(
        default=(),
        description="Collections that are a minimum in every document that does not say otherwise: what "
        "is not listed is left alone.",
    )

    @property
    def zone(self) -> tzinfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        yield from both_ways(self.exclusive, self.additive)
        yield from twice(("safety", "protect"), self.safety.protect)
