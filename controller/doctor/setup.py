"""The way to a tenant, step by step: settings, sign-in, tokens, services, clock, permissions, journal.

Each step that fails says what to do, and those behind it that cannot be gone are left out. A token is decoded
for what it says, never verified and never shown: it is the services who judge it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from controller.clients import Connection
from controller.doctor import needs
from controller.doctor.verdicts import Line, bad, good, warning
from controller.errors import ServiceError, SettingsError, SignInError, StateError
from controller.journal import Journal
from controller.settings import PREFIX, Settings
from controller.spec import Document

SETTINGS, SIGN_IN, SERVICES = "Settings", "Sign-in", "Services"
CLOCK, LIMITS, JOURNAL, SOURCE = "Clock", "Limits", "Journal", "Source"
_SKEW: Final = timedelta(minutes=5)  # beyond it Entra refuses assertions (AADSTS700024)
_NOTICED: Final = timedelta(seconds=30)
_SOON: Final = timedelta(days=30)
_ROLES: Final = ("Exchange.ManageAsApp", "Exchange.ManageAsAppV2")


def settings_lines(settings: Settings, origins: Mapping[str, str]) -> Iterator[Line]:
    """Which are set and from where; the values stay where they are. `origins`: by variable name."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in sorted(origins):
        if name in known or name.startswith("AZURE_"):
            yield good(SETTINGS, f"{name} is set ({origins[name]})")
    try:
        settings.require_sign_in()
    except SettingsError as error:
        yield bad(SETTINGS, str(error), "docs/reference/settings.md has every setting.")
    for name in ("ca_bundle", "client_certificate", "federated_token_file"):
        path: Path | None = getattr(settings, name)
        if path is not None and not path.is_file():
            spelt = f"{PREFIX}{name}".upper()
            yield bad(SETTINGS, f"{spelt} names {path}, and there is no such file", f"Correct {spelt}.")


def sign_in_lines(settings: Settings, now: datetime) -> Iterator[Line]:
    """What can be told before anybody is asked."""
    for way in settings.ways_to_sign_in():
        yield good(SIGN_IN, f"signs in by {way}")
    if settings.client_certificate is not None:
        from controller.clients.certificate import certificate_ends  # noqa: PLC0415 - loads cryptography

        password = settings.client_certificate_password
        try:
            ends = certificate_ends(
                settings.client_certificate, password.get_secret_value() if password else None
            )
        except SettingsError as error:
            yield bad(SIGN_IN, str(error), "Put key and certificate into one PEM or PFX file.")
            return
        yield _ending("the certificate", ends, now)
    elif settings.client_secret is not None:
        yield warning(SIGN_IN, "when the secret ends cannot be told from here",
                      "Entra admin centre, the app, Certificates & secrets shows it.")  # fmt: skip


def _ending(what: str, ends: datetime, now: datetime) -> Line:
    if ends <= now:
        return bad(SIGN_IN, f"{what} ended on {ends:%Y-%m-%d}", "Make a new one and upload its public part.")
    if ends - now < _SOON:
        return warning(SIGN_IN, f"{what} ends on {ends:%Y-%m-%d}", "Make a new one before that day.")
    return good(SIGN_IN, f"{what} is good until {ends:%Y-%m-%d}")


def claims(token: str) -> dict[str, Any]:
    """What a token says of itself; nothing where it is opaque."""
    try:
        middle = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def token_lines(api: str, said: Mapping[str, Any], tenant_id: str) -> Iterator[Line]:
    roles = sorted(map(str, said.get("roles") or ()))
    if not said:
        yield warning(SIGN_IN, f"the token for {api} does not tell what it is good for")
        return
    if str(said.get("tid", tenant_id)).lower() != tenant_id.lower():
        yield bad(SIGN_IN, f"the token for {api} is of tenant {said.get('tid')}, not {tenant_id}",
                  "Correct tenantId in the Tenant document (or MBX_TENANT_ID).")  # fmt: skip
    told = ", ".join(roles) or "no application permission"
    yield good(SIGN_IN, f"a token for {api} (app {said.get('appid', '?')}): {told}")
    if api == "exchange" and not set(roles) & set(_ROLES):
        yield bad(
            SIGN_IN,
            "Exchange.ManageAsApp is missing: Exchange will refuse this app",
            "Entra admin centre, the app, API permissions, Office 365 Exchange Online, Application "
            f"permissions: add Exchange.ManageAsApp, then Grant admin consent ({needs.PAGE}).",
        )


async def services_lines(
    connection: Connection, settings: Settings, tenant_id: str, tenant: Any, documents: Iterable[Document]
) -> list[Line]:
    """Everything that takes a question to a service. Reads only."""
    lines: list[Line] = []
    said: dict[str, Mapping[str, Any]] = {}
    for api in ("graph", "exchange"):
        try:
            said[api] = claims(await connection.token(api))
        except (SignInError, SettingsError) as error:
            return [*lines, bad(SIGN_IN, f"no token for {api}: {_said(error)}", _advice(error))]
        lines += token_lines(api, said[api], tenant_id)
    reader = connection.reader().hurried
    organisation = reader.graph("/organization", select=("id", "displayName"))
    answers = (("graph", organisation), ("exchange", reader.exchange("Get-AcceptedDomain")))
    refused = False
    reached = False
    for api, question in answers:
        origin = getattr(connection.endpoints, api)
        try:
            await question
        except ServiceError as error:
            lines.append(_refused(api, origin, error))
            refused = refused or (api == "exchange" and error.status in (401, 403))
        else:
            reached = reached or api == "exchange"
            lines.append(good(SERVICES, f"{api} answers at {origin}"))
    lines += clock_lines({api: stats.ahead for api, stats in connection.stats.items()})
    cmdlets = await reader.granted_cmdlets() if reached else frozenset() if refused else None
    roles = frozenset(map(str, said["graph"].get("roles") or ()))
    lines += needs.judged(needs.needs(tenant, documents), roles, cmdlets)
    lines += limit_lines(connection, settings)
    return lines


def _refused(api: str, origin: str, error: ServiceError) -> Line:
    if error.status == 0:
        todo = error.advice or f"Check the network, a proxy on the way, and {PREFIX}{api.upper()}_URL."
        return bad(SERVICES, f"{api} cannot be reached at {origin}: {error.message}", todo)
    if api == "graph" and error.status == 403:  # whoever may not read this may read all that is needed
        return good(SERVICES, f"graph answers at {origin}")
    todo = error.advice or f"Compare its permissions and roles with {needs.PAGE}."
    return bad(SERVICES, f"{api} answers at {origin}, and refuses: {_said(error)}", todo)


def clock_lines(ahead: Mapping[str, timedelta | None]) -> Iterator[Line]:
    """By the Date of what each service answered."""
    for api, by in ahead.items():
        if by is None:
            continue
        told = f"this clock is {abs(by).total_seconds():.0f} s {'behind' if by > timedelta() else 'before'}"
        if abs(by) >= _SKEW:
            yield bad(CLOCK, f"{told} that of {api}", "Set it by NTP: assertions and dates rest on it.")
        elif abs(by) >= _NOTICED:
            yield warning(CLOCK, f"{told} that of {api}", "Set it by NTP before it is five minutes.")
        else:
            yield good(CLOCK, f"agrees with that of {api}")


def limit_lines(connection: Connection, settings: Settings) -> Iterator[Line]:
    for api, stats in connection.stats.items():
        left = f"; {stats.left} requests left, as it tells" if stats.left else ""
        if stats.throttled:
            yield warning(LIMITS, f"{api} refused {stats.throttled} requests as too many{left}",
                          f"Lower {PREFIX}HTTP_CONCURRENCY (now {settings.http_concurrency}).")  # fmt: skip
        else:
            yield good(LIMITS, f"{api} took {stats.requests} requests without refusing one{left}")


def journal_lines(settings: Settings, tenant_id: str) -> Iterator[Line]:
    """Whether it opens (which brings it to this release's revision), and whether somebody is applying."""
    try:
        with Journal.open(settings.journal_url) as journal:
            last = journal.last_cycle_at(tenant_id)
            seen = f"; a run last ended {last:%Y-%m-%d %H:%M} UTC" if last else "; nothing has run yet"
            yield good(JOURNAL, f"opens, at the revision of this release{seen}")
            try:
                with journal.lock(tenant_id, wait=timedelta()):
                    yield good(JOURNAL, "its lock is free")
            except StateError as error:
                yield warning(JOURNAL, f"its lock is held: {error}", "Wait for that run, or end it.")
    except StateError as error:
        yield bad(JOURNAL, str(error), f"Plans go on without it, apply does not: correct {PREFIX}STATE_URL.")


def source_lines(tenant: Any, commit: str | None) -> Iterator[Line]:
    if commit:
        yield good(SOURCE, f"the specs stand in git, at {commit[:12]}")
    else:
        yield warning(SOURCE, "the specs stand in no git repository", "Nobody can tell who asked for what.")
    source = getattr(tenant, "source", None)
    if source is not None:
        yield good(SOURCE, f"only commits that hold are followed (verify: {source.verify})")


def _said(error: Exception) -> str:
    if not isinstance(error, ServiceError):
        return str(error)
    ident = f" [request-id {error.request_id}]" if error.request_id else ""
    return f"{error.code + ': ' if error.code else ''}{error.message}{ident}"


def _advice(error: Exception) -> str:
    advice = error.advice if isinstance(error, ServiceError) else ""
    return advice or "docs/how-to/reach-a-real-tenant.md says how sign-in is set up."
