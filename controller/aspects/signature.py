"""The signature that Outlook on the web puts under new mail from the mailbox.

Where the organisation has roaming signatures on (PostponeRoamingSignaturesUntilLater is false), Exchange
takes these settings with success and ignores them [doc: Set-MailboxMessageConfiguration]: a finding, and no
change that would come back for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from controller import canon, markup
from controller.aspect import Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.model import (
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Observation,
    Path,
    Present,
    Severity,
    Unreadable,
    Want,
)
from controller.own_settings import OwnSettings

_ROOT: Final = "signature"
HTML: Final = (_ROOT, "html")
ADDED: Final = (_ROOT, "autoAdd")
_PARAMETERS: Final[dict[Path, str]] = {HTML: "SignatureHtml", ADDED: "AutoAddSignature"}
_ROAMING: Final = "PostponeRoamingSignaturesUntilLater"


class Signature(OwnSettings):
    name = "signature"
    noun = "MailboxMessageConfiguration"
    columns = tuple(_PARAMETERS.values())
    permissions = Permissions(
        read=("Get-MailboxMessageConfiguration", "Get-OrganizationConfig"),
        write=("Set-MailboxMessageConfiguration",),
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.signature is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        try:
            rows = await reader.exchange("Get-OrganizationConfig", {}, select=("Identity", _ROAMING))
        except ServiceError as error:
            return {resource.key: Unreadable(error) for resource in resources}
        if any(canon.flag(row.get(_ROAMING)) is False for row in rows):
            return {resource.key: self._ignored(resource) for resource in resources}
        return await super().read(reader, resources, directory)

    def _ignored(self, resource: Resource) -> Present:
        return replace(self.fresh(resource), ids={"ignored": "true"}, findings=(_ignored(resource),))

    def seen(self, row: Mapping[str, Any]) -> Present:
        return Present(
            {
                HTML: markup.canonical(row.get("SignatureHtml")),
                ADDED: canon.flag(row.get("AutoAddSignature", False)),
            },
            spelt={HTML: str(row.get("SignatureHtml") or "")},
        )

    def desired(self, resource: Resource, context: Context) -> Desired:
        document = resource.spec.signature.document()
        origin = resource.at(_ROOT)
        return Desired(
            {
                HTML: Want(markup.canonical(document), document, origin),
                ADDED: Want(True, True, origin),
            }
        )

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        if "ignored" in present.ids:
            return {path: want.value for path, want in desired.wants.items()}
        return present.fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """A document that has a signature wants it added to new mail, so that one which is not cannot be
        said."""
        html = present.spelt.get(HTML) if present.fields.get(ADDED) and present.fields.get(HTML) else None
        return {HTML[:1]: html} if html else {}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # single values: none of them can be wished away
        return self.settle(delta, resource, {_PARAMETERS[delta.path]: delta.want.verbatim})


def _ignored(resource: Resource) -> Finding:
    return Finding(
        "signature-ignored",
        resource.key.address,
        Severity.WARNING,
        f"the signature of {resource.key.address} is not written: the organisation has roaming signatures on "
        f"({_ROAMING} is false), and Exchange would ignore it; leave `signature` out, or turn them off",
        resource.key,
        resource.at(_ROOT),
    )
