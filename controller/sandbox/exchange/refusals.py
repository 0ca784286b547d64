"""Why a cmdlet fails: one exception with the three things a client can go by, and the texts of each case.

No HTTP here; `answers` renders a `CmdletError` in the shapes that the service uses. The fact to know: the
status is a weak signal, the .NET type's last segment is what clients match on [reference: section 9].
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

SERVER = "DC01A002.EURPR01A002.PROD.OUTLOOK.COM"
_BINDING = "Microsoft.Exchange.AdminApi.CommandInvocation."
_TASKS = "Microsoft.Exchange.Configuration.Tasks."
_DIRECTORY = "Microsoft.Exchange.Data.Directory."


class Shape(StrEnum):
    """How the body tells the error [obs: graph2otel, go-exoscc, ExoHelper]."""

    FULL = "full"  # A: details and innererror
    DETAILS = "details"  # A without innererror
    NESTED = "nested"  # B: details[].message is itself JSON
    NUL = "nul"  # C: a run of NUL bytes; the reason stands in a header


class CmdletError(Exception):
    """A cmdlet's failure. `type` is the full .NET type, `code` the short id before it (may be empty)."""

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        *,
        code: str = "",
        client: bool = False,
        shape: Shape = Shape.FULL,
    ) -> None:
        super().__init__(f"{type.rsplit('.', 1)[-1]}: {message}")
        self.status = status
        self.type = type
        self.message = message
        self.code = code
        self.client = client  # an argument error: `Client` instead of `Context`
        self.shape = shape


# --- binding ------------------------------------------------------------------------------------------


def unknown_cmdlet(name: str) -> CmdletError:
    """403, for a typo as for a cmdlet that the caller's role does not hold [obs: graph2otel]."""
    text = (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or "
        "executable program. Check the spelling of the name, or if a path was included, verify that the "
        "path is correct and try again."
    )
    return CmdletError(403, "System.Management.Automation.CommandNotFoundException", text, client=True)


def role_refused(name: str) -> CmdletError:
    """403 for what the caller's role may not read [obs: graph2otel, Security Reader on Get-Mailbox]."""
    text = f"The role assigned to the application isn't supported in this scenario: {name}."
    return CmdletError(403, "System.UnauthorizedAccessException", text, client=True, shape=Shape.NUL)


def unknown_parameters(names: Iterable[str]) -> CmdletError:
    """The same for a typo and for a parameter that RBAC trims [obs: graph2otel, issue 9985]."""
    text = (
        "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters "
        f"specified. {', '.join(names)}"
    )
    return CmdletError(400, f"{_BINDING}AmbiguousParameterSetException", text, client=True)


def no_parameter_set() -> CmdletError:
    """Each parameter is known, but no set holds them all [inf: text]."""
    text = "Parameter set cannot be resolved using the specified named parameters."
    return CmdletError(400, f"{_BINDING}AmbiguousParameterSetException", text, client=True)


def missing_parameters(names: Iterable[str]) -> CmdletError:
    """PowerShell's own text [inf: over this wire]."""
    text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}."
    return CmdletError(400, "System.Management.Automation.ParameterBindingException", text, client=True)


def empty_parameter(name: str) -> CmdletError:
    text = f"Cannot bind argument to parameter '{name}' because it is null or an empty string."
    return CmdletError(
        400, "System.Management.Automation.ParameterBindingValidationException", text, client=True
    )


def bad_value(parameter: str, value: object, wanted: str, reason: str = "") -> CmdletError:
    """An argument that does not turn into the parameter's type [obs: graph2otel]."""
    text = (
        f"Cannot process argument transformation on parameter '{parameter}'. Cannot convert value "
        f'"{value}" to type "{wanted}". {reason}'.rstrip()
    )
    return CmdletError(
        400, f"{_BINDING}ParameterTransformationException", text, client=True, shape=Shape.DETAILS
    )


def bad_enumerator(parameter: str, value: str, wanted: str, valid: Iterable[str]) -> CmdletError:
    reason = (
        f'Error: "Unable to match the identifier name {value} to a valid enumerator name. Specify one of '
        f'the following enumerator names and try again: {", ".join(valid)}"'
    )
    return bad_value(parameter, value, wanted, reason)


def not_offered(what: str) -> CmdletError:
    """The sandbox knows it, and says that it does not play it; never a made-up success."""
    return CmdletError(400, "Sandbox.NotOfferedException", f"The sandbox does not offer {what}.", client=True)


# --- objects ------------------------------------------------------------------------------------------


def not_found(identity: str, *, status: int = 404) -> CmdletError:
    """[obs: CIPP, ExoHelper] 404 as a rule, 400 at times."""
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found on '{SERVER}'."
    return CmdletError(status, f"{_TASKS}ManagementObjectNotFoundException", text, code="Ex6F9304")


def store_not_there(name: str) -> CmdletError:
    """[reference: section 9.2, Ex41BAF5; that a store comes later than its directory object: inf]"""
    text = f'The specified mailbox "{name}" doesn\'t exist.'
    return CmdletError(404, f"{_TASKS}ManagementObjectNotFoundException", text, code="Ex41BAF5")


def ambiguous(identity: str) -> CmdletError:
    """[obs: ITSync] An identity that several objects answer to: 500."""
    text = f"The operation couldn't be performed because '{identity}' matches multiple entries."
    return CmdletError(500, f"{_TASKS}ManagementObjectAmbiguousException", text, code="Ex3B1D2F")


def already_exists(name: str) -> CmdletError:
    text = f"Active Directory operation failed on {SERVER}. The object '{name}' already exists."
    return CmdletError(400, f"{_DIRECTORY}ADObjectAlreadyExistsException", text, shape=Shape.NESTED)


def address_in_use(address: str, holder: str) -> CmdletError:
    """[obs: ITSync]"""
    text = (
        f'The proxy address "{address}" is already being used by the proxy addresses or LegacyExchangeDN of '
        f'"{holder}". Please choose another proxy address.'
    )
    return CmdletError(400, "Microsoft.Exchange.Management.RecipientTasks.ProxyAddressExistsException", text)


def held_by_deleted(address: str) -> CmdletError:
    """[obs: ITSync: the text's first half, when a soft-deleted object holds the address; rest inf]"""
    text = (
        "The object was not created: ExternalDirectoryObjectId was not returned. Another object that was "
        f'deleted lately may still hold the proxy address "{address}".'
    )
    return CmdletError(500, f"{_TASKS}RecipientTaskException", text)


def value_in_use(what: str, value: str) -> CmdletError:
    """[inf: the type is not captured; the text names the value]"""
    text = f'The {what} "{value}" is already being used. Please try another {what}.'
    return CmdletError(400, f"{_TASKS}RecipientTaskException", text)


def invalid(message: str) -> CmdletError:
    """A value or a combination that the task refuses."""
    return CmdletError(400, f"{_TASKS}RecipientTaskException", message)


def validation(message: str) -> CmdletError:
    """A value outside what its property allows."""
    return CmdletError(400, "Microsoft.Exchange.Data.DataValidationException", message, code="Ex9A2B71")


def foreign_domain(domain: str) -> CmdletError:
    text = f"You can't use the domain because it's not an accepted domain for your organization: {domain}"
    return invalid(text)


def synced(cmdlet: str, what: str, identity: str) -> CmdletError:
    """[obs: CIPP issues; the type is inf]"""
    text = (
        f"The operation on mailbox \"{identity}\" failed because it's out of the current user's write scope. "
        f"The action '{cmdlet}', '{what}', can't be performed on the object '{identity}' because the object "
        "is being synchronized from your on-premises organization. This action should be performed on the "
        "object in your on-premises organization."
    )
    return CmdletError(400, "System.InvalidOperationException", text, code="ExE2F4B0")


def not_group_owner() -> CmdletError:
    """[obs: M365DSC issue 6435]"""
    text = (
        "You don't have sufficient permissions. This operation can only be performed by a manager of the "
        "group."
    )
    return CmdletError(
        400, "Microsoft.Exchange.Management.Tasks.OperationRequiresGroupManagerException", text
    )


def not_a_security_principal(who: str) -> CmdletError:
    """A distribution group, a contact: nothing that could hold a right [doc: rule; inf: text]."""
    return invalid(f"\"{who}\" isn't a valid security principal: it can't be granted permissions.")


def list_full(identity: str) -> CmdletError:
    """[obs: thextrabit; doc: Add-MailboxPermission]"""
    text = (
        f'The access control list of "{identity}" has reached the limit of maximum allowed access control '
        "entries of 500."
    )
    return CmdletError(400, "System.InvalidOperationException", text)


def expired_page() -> CmdletError:
    """[obs: graph2otel]"""
    text = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
    return CmdletError(400, "Microsoft.Exchange.Admin.OData.Core.ODataServiceException", text)
