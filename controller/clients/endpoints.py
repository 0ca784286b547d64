"""Where the services are, per cloud, and which other hosts a token may travel to.

No I/O. The fact one would not guess: the scope of a token follows the cloud, not the address that is
configured: a sandbox on loopback stands in for `graph.microsoft.com` and checks that audience.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from controller.errors import SettingsError

# [doc: Graph national cloud deployments; Exchange admin API get-started]. For China two sign-in hosts are
# documented; msal marks login.chinacloudapi.cn as deprecated.
_CLOUDS: Final = {
    "global": ("login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com"),
    "us-gov-high": ("login.microsoftonline.us", "graph.microsoft.us", "outlook.office365.us"),
    "us-gov-dod": ("login.microsoftonline.us", "dod-graph.microsoft.us", "outlook-dod.office365.us"),
    "china": ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "outlook.office365.cn"),
}
# The front door may answer 302 to a regional host of the same family [obs: go-exoscc transport.go].
_FAMILIES: Final = (
    (".office365.com", ".outlook.com", ".office.com"),
    (".office365.us", ".apps.mil"),
    (".office365.cn", ".outlook.cn"),
    (".graph.microsoft.com",),
    (".graph.microsoft.us", ".microsoft.us"),
    (".microsoftgraph.chinacloudapi.cn",),
)
_BACK_END_PORT: Final = 446  # links may carry it; the front door listens on 443 [obs: go-exoscc]
_TENANT_SEGMENT: Final = re.compile(r"[0-9a-f-]{36}|common|organizations|[\w-]+(\.[\w-]+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`authority` ends in the tenant id; `graph` is without a version, `exchange` without `/adminapi`."""

    authority: str
    graph: str
    exchange: str
    graph_scope: str
    exchange_scope: str

    @classmethod
    def of(
        cls,
        cloud: str,
        tenant_id: str,
        *,
        authority_url: str | None = None,
        graph_url: str | None = None,
        exchange_url: str | None = None,
    ) -> Endpoints:
        """The cloud's own addresses, unless others are configured."""
        if cloud not in _CLOUDS:
            raise SettingsError(f"unknown cloud {cloud!r}: one of {', '.join(_CLOUDS)}")
        authority, graph, exchange = (f"https://{host}" for host in _CLOUDS[cloud])
        return cls(
            authority=_authority(authority_url or authority, tenant_id),
            graph=_without(graph_url or graph, r"/(v1\.0|beta)"),
            exchange=_without(exchange_url or exchange, r"/adminapi(/(beta|v[\d.]+))?"),
            graph_scope=_scope(graph_url, graph),
            exchange_scope=_scope(exchange_url, exchange),
        )


def _authority(url: str, tenant_id: str) -> str:
    """With or without the tenant at its end; the tenant that is asked for always wins."""
    parts = urlsplit(url.rstrip("/").removesuffix("/v2.0"))
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments and _TENANT_SEGMENT.fullmatch(segments[-1]):
        segments.pop()
    return parts._replace(path="/" + "/".join([*segments, tenant_id]), query="", fragment="").geturl()


def _without(url: str, tail: str) -> str:
    return re.sub(f"{tail}$", "", url.rstrip("/"), flags=re.IGNORECASE)


def _scope(configured: str | None, default: str) -> str:
    """An older name of the same service (`webmail.apps.mil`) has a scope of its own."""
    host = urlsplit(configured or "").hostname
    return f"https://{host}/.default" if host and _family(host) else f"{default}/.default"


def _family(host: str) -> tuple[str, ...]:
    for suffixes in _FAMILIES:
        if any(host.endswith(suffix) or host == suffix[1:] for suffix in suffixes):
            return suffixes
    return ()


def same_service(link: str, origin: str, scope: str = "") -> str | None:
    """`link`, ready to be asked with a token that belongs to `origin`, or None where it must not go.

    A service of Microsoft's may point to other hosts of its own family; anything else only to itself, port
    included. A proxy in front of a service passes on links that name the service (`scope` tells which):
    they are asked of the proxy.
    """
    asked, own = urlsplit(link), urlsplit(origin)
    if not asked.netloc:
        return own._replace(path=asked.path, query=asked.query).geturl() if asked.path else None
    if asked.scheme != "https" or asked.username or not asked.hostname:
        return None
    port = _port(asked)
    if port == _BACK_END_PORT and _port(own) != _BACK_END_PORT:
        port = _port(own)
    host = asked.hostname.lower()
    if host == (own.hostname or "") and port == _port(own):
        return asked._replace(netloc=own.netloc).geturl()
    family = _family(own.hostname or "")
    if port == 443 and any(host.endswith(suffix) for suffix in family):
        return asked._replace(netloc=host).geturl()
    if not family and _port(asked) in (443, _BACK_END_PORT) and host == urlsplit(scope).hostname:
        return asked._replace(netloc=own.netloc).geturl()
    return None


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or 443
    except ValueError:  # not a number: no port of ours
        return -1
