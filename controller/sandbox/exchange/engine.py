"""Runs one cmdlet: finds it, binds its arguments, lets it work, and writes the audit log.

No HTTP, no weather: `service` puts those around it, and `mbx sandbox poke` runs cmdlets through here
directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controller.sandbox.exchange import audit, binder, refusals, registry, table
from controller.sandbox.exchange.invocation import Actor, Invocation, Listing, Result
from controller.sandbox.exchange.roles import Grants, Leave

if TYPE_CHECKING:
    from controller.sandbox.exchange.searches import AuditSearch
    from controller.sandbox.state import Sandbox


@dataclass(frozen=True, slots=True)
class Order:
    """A cmdlet as asked for. `grants` of None is somebody who may do anything."""

    cmdlet: str
    parameters: Mapping[str, Any]
    actor: Actor
    anchor: str = ""
    select: frozenset[str] | None = None
    grants: Grants | None = None
    request_id: str = ""
    searches: dict[str, AuditSearch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`confirmation` is set where the cmdlet asked instead of acting."""

    listing: Listing
    warnings: list[str]
    confirmation: str | None = None
    limit: int | None = None  # ResultSize; None is unlimited


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cmdlet whose arguments are bound."""

    spec: table.CmdletSpec
    cmdlet: registry.Cmdlet
    arguments: binder.Arguments

    @property
    def target(self) -> str:
        return self.arguments.text(self.cmdlet.target) or ""


def permitted(name: str, grants: Grants | None) -> table.CmdletSpec:
    """The cmdlet's spec. CmdletError: 403, unknown or not in the caller's role; 400, not played here."""
    spec = table.spec(name)
    if spec is not None and spec.name.startswith("Get-EXO"):  # in the module, not in the service
        raise refusals.unknown_cmdlet(name)
    proper = spec.name if spec is not None else table.known(name)
    if proper is None:
        raise refusals.unknown_cmdlet(name)
    leave = grants.leave(proper) if grants is not None else Leave.GRANTED
    if leave is Leave.REFUSED:
        raise refusals.role_refused(proper)
    if leave is Leave.ABSENT:
        raise refusals.unknown_cmdlet(proper)
    if spec is None:
        raise refusals.not_offered(f"the cmdlet {proper}")
    return spec


def prepare(order: Order) -> Prepared:
    """Checks and binds. CmdletError: everything that can be said before the world is looked at."""
    spec = permitted(order.cmdlet, order.grants)
    hidden = order.grants.hidden_parameters if order.grants is not None else frozenset()
    cmdlet = registry.find(spec.name)
    if cmdlet is None:
        raise refusals.not_offered(f"the cmdlet {spec.name}")
    arguments = binder.bind(spec, order.parameters, hidden=hidden)
    for name in arguments.values:
        unsaid = spec.parameters[name.lower()].type == "SwitchParameter" and not arguments.on(name)
        if name not in cmdlet.honours and name not in registry.INERT and not unsaid:
            raise refusals.not_offered(f"the parameter {name} of {spec.name}")
    return Prepared(spec, cmdlet, arguments)


def execute(sandbox: Sandbox, order: Order, prepared: Prepared) -> Outcome:
    """Runs a prepared cmdlet against the world."""
    arguments, cmdlet = prepared.arguments, prepared.cmdlet
    asks = arguments.on("Confirm") or (cmdlet.prompts and arguments.get("Confirm") is not False)
    if asks and prepared.spec.writes:
        # [obs: go-exoscc: with Confirm true the call only validates; that a prompting cmdlet without
        # Confirm does the same is inf]
        return Outcome(Listing((), dict), [], f"{cmdlet.name}: are you sure you want to do this?")
    if arguments.on("WhatIf"):
        return Outcome(Listing((), dict), [])
    call = Invocation(
        sandbox,
        cmdlet.name,
        arguments,
        order.actor,
        order.anchor,
        sandbox.clock.now(),
        order.select,
        order.searches,
        subject=prepared.target,
    )
    result = cmdlet.run(call)
    if prepared.spec.writes:
        audit.record(call, arguments.sent, order.request_id)
    return Outcome(_listing(result), call.warnings, None, _limit(prepared))


def _listing(result: Result) -> Listing:
    if isinstance(result, Listing):
        return result
    return Listing(tuple(result or ()), dict)


def _limit(prepared: Prepared) -> int | None:
    """Rows at most: 1000 unless asked otherwise [doc: ResultSize]; a search brings its own."""
    if "resultsize" not in prepared.spec.parameters or prepared.spec.name.startswith("Search-"):
        return None
    size = prepared.arguments.get("ResultSize")
    if size is None:
        return 1000
    return size if isinstance(size, int) else None
