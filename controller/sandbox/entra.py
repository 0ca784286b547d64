"""Sign-in: discovery, keys, the token endpoints (v2 and v1) and the metadata endpoint of managed identities.

Judging credentials is `credentials`', wording refusals `entra_errors`'. URLs in discovery are those of the
host that was asked, because msal refuses a token endpoint that is not https and takes its tenant name from
the first path segment [measured: msal 1.39].
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controller.sandbox import credentials, jws, tokens
from controller.sandbox.entra_errors import SignInRefusedError
from controller.sandbox.state import Call, ConnectionLostError, Fault, FaultKind

if TYPE_CHECKING:
    from controller.sandbox.state import Sandbox
    from controller.sandbox.world import App

REAL_HOSTS = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net")
_SHARED = ("common", "organizations", "consumers")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONG_LIVED = timedelta(seconds=86399)  # tokens of CAE clients and of managed identities live about 24 h
_REFRESH_FROM = timedelta(hours=2)  # from this lifetime on the answer carries `refresh_in`
_NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


def routes(sandbox: Sandbox) -> list[Route]:
    """The sign-in service's routes; the last ones match any tenant, so they go behind all others."""
    entra = Entra(sandbox)
    return [
        Route("/common/discovery/instance", entra.instance_discovery, methods=["GET"]),
        Route("/metadata/identity/oauth2/token", entra.managed_identity, methods=["GET"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", entra.discovery, methods=["GET"]),
        Route("/{tenant}/.well-known/openid-configuration", entra.discovery, methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", entra.keys, methods=["GET"]),
        Route("/{tenant}/discovery/keys", entra.keys, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", entra.token, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/token", entra.token, methods=["GET", "POST"]),
    ]


class Entra:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    # --- endpoints -----------------------------------------------------------------------------------

    async def instance_discovery(self, request: Request) -> Response:
        """Answers what a client is told that does not know a login host; ours should never ask."""
        return await self._answer(request, "GET /common/discovery/instance", self._instances)

    async def discovery(self, request: Request) -> Response:
        return await self._answer(request, "GET /{tenant}/openid-configuration", self._openid)

    async def keys(self, request: Request) -> Response:
        return await self._answer(request, "GET /{tenant}/discovery/keys", self._jwks)

    async def token(self, request: Request) -> Response:
        return await self._answer(request, "POST /{tenant}/oauth2/token", self._token)

    async def managed_identity(self, request: Request) -> Response:
        return await self._answer(request, "GET /metadata/identity/oauth2/token", self._metadata)

    async def _answer(
        self, request: Request, operation: str, respond: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        correlation = request.headers.get("client-request-id") or self._sandbox.new_request_id()
        trace = self._sandbox.new_request_id()
        fault = self._sandbox.admit(Call("entra", operation))
        try:
            response = self._struck(fault)
            if response is None:
                response = await respond(request)
        except SignInRefusedError as refused:
            body = refused.body(self._sandbox.clock.now(), trace, correlation)
            response = JSONResponse(body, refused.refusal.status)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = f"{fault.retry_after:g}"
        if fault.kind is FaultKind.LOST_AFTER:
            raise ConnectionLostError
        response.headers.update({**_NO_STORE, "x-ms-request-id": trace, "client-request-id": correlation})
        return response

    def _struck(self, fault: Fault) -> Response | None:
        match fault.kind:
            case FaultKind.LOST_BEFORE:
                raise ConnectionLostError
            case FaultKind.THROTTLED:
                raise SignInRefusedError(90055)
            case FaultKind.UNAVAILABLE | FaultKind.TRANSIENT:
                raise SignInRefusedError(90033)
            case FaultKind.DENIED:
                raise SignInRefusedError(53003)
            case FaultKind.GATEWAY:
                return Response(
                    "<html><body><h1>502 Bad Gateway</h1></body></html>", 502, media_type="text/html"
                )
        return None

    # --- discovery -----------------------------------------------------------------------------------

    async def _instances(self, request: Request) -> Response:
        asked = request.query_params.get("authorization_endpoint", "")
        tenant = urlsplit(asked).path.strip("/").split("/")[0]
        if not tenant:
            raise SignInRefusedError(900144, parameter="authorization_endpoint")
        known = [*REAL_HOSTS, "sts.windows.net"]
        document = f"{_origin(request)}/{tenant}/v2.0/.well-known/openid-configuration"
        return JSONResponse(
            {
                "tenant_discovery_endpoint": document,
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": known[0], "preferred_cache": "login.windows.net", "aliases": known}
                ],
            }
        )

    async def _openid(self, request: Request) -> Response:
        asked = request.path_params["tenant"]
        if asked in _SHARED:
            tenant, issuer = asked, "{tenantid}"
        else:
            try:
                tenant = issuer = self._tenant(asked)
            except SignInRefusedError as refused:
                ids = (self._sandbox.new_request_id(), self._sandbox.new_request_id())
                body = refused.body(self._sandbox.clock.now(), *ids)
                return JSONResponse(body | {"error": "invalid_tenant"}, 400)
        return JSONResponse(_configuration(_origin(request), tenant, issuer))

    async def _jwks(self, request: Request) -> Response:
        if request.path_params["tenant"] not in _SHARED:
            self._tenant(request.path_params["tenant"])
        key = tokens.signing_key(self._sandbox)
        numbers, kid = key.public_key().public_numbers(), tokens.key_id(key)
        return JSONResponse(
            {
                "keys": [
                    {
                        "kty": "RSA",
                        "use": "sig",
                        "kid": kid,
                        "x5t": kid,
                        "n": jws.encode(numbers.n.to_bytes(256, "big")),
                        "e": jws.encode(numbers.e.to_bytes(3, "big")),
                    }
                ]
            }
        )

    def _tenant(self, asked: str) -> str:
        """The tenant's id for its id or any of its domains."""
        world = self._sandbox.world
        if asked.lower() in {world.tenant_id.lower(), *(domain.lower() for domain in world.domains)}:
            return world.tenant_id
        if _GUID.fullmatch(asked) or "." in asked:
            raise SignInRefusedError(90002, tenant=asked)
        raise SignInRefusedError(900023, tenant=asked)

    # --- tokens --------------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        if request.method != "POST":
            raise SignInRefusedError(900561, method=request.method)
        asked = request.path_params["tenant"]
        if asked in _SHARED:
            raise SignInRefusedError(50059)
        self._tenant(asked)
        form = _form(await request.body())
        grant = _required(form, "grant_type")
        if grant != "client_credentials":
            raise SignInRefusedError(70003, grant=grant)
        app = self._app(_required(form, "client_id"))
        credentials.check(self._sandbox, app, form, self._assertion_audiences(request))
        if app.blocked:
            raise SignInRefusedError(53003)
        is_v2 = "/v2.0/" in request.url.path
        resource = _resource_of(_required(form, "scope")) if is_v2 else _required(form, "resource")
        self._check_resource(resource)
        lifetime = _LONG_LIVED if _speaks_cae(form) else self._sandbox.token_lifetime
        answer = self._grant(app, resource, lifetime)
        if is_v2:
            return JSONResponse(answer)
        now = int(self._sandbox.clock.now().timestamp())
        bounds = {"expires_on": now + answer["expires_in"], "not_before": now, "resource": resource}
        strings = {name: str(value) for name, value in (answer | bounds).items()}
        return JSONResponse(strings)

    def _app(self, client_id: str) -> App:
        world = self._sandbox.world
        app = world.apps.get(client_id.lower()) or world.apps.get(client_id)
        if app is None:
            raise SignInRefusedError(700016, client=client_id, name=world.name)
        if not app.consented:
            raise SignInRefusedError(7000229, client=client_id, tenant=world.tenant_id)
        if not app.enabled:
            raise SignInRefusedError(7000112, client=client_id, app=app.name)
        return app

    def _assertion_audiences(self, request: Request) -> list[str]:
        """Every spelling of the token endpoint that an assertion may be meant for: v1 or v2, by id or
        domain, at the host that was asked or at Microsoft's own."""
        world = self._sandbox.world
        origins = [_origin(request), self._sandbox.base_url, *(f"https://{host}" for host in REAL_HOSTS)]
        paths = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")
        tenants = (world.tenant_id, *world.domains)
        return [f"{o}/{tenant}/{path}" for o in origins for tenant in tenants for path in paths]

    def _check_resource(self, resource: str) -> None:
        if not tokens.services(self._sandbox, resource):
            raise SignInRefusedError(500011, resource=resource, name=self._sandbox.world.name)

    def _grant(self, app: App, resource: str, lifetime: timedelta) -> dict[str, Any]:
        seconds = int(lifetime.total_seconds())
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
        if lifetime >= _REFRESH_FROM:
            answer["refresh_in"] = seconds // 2
        return answer | {"access_token": tokens.mint(self._sandbox, app, resource, lifetime=lifetime)}

    # --- managed identity ----------------------------------------------------------------------------

    async def _metadata(self, request: Request) -> Response:
        """The virtual machine's metadata service; all values are strings, the resource is bare."""
        query = request.query_params
        if request.headers.get("metadata", "").lower() != "true":
            return _metadata_refusal("Required metadata header not specified")
        for name in ("api-version", "resource"):
            if not query.get(name):
                return _metadata_refusal(f"Required query variable '{name}' is missing")
        apps = [app for app in self._sandbox.world.apps.values() if app.managed_identity]
        asked = query.get("client_id") or query.get("object_id")
        app = next((a for a in apps if asked in (None, a.client_id, a.object_id)), None)
        if app is None:
            return _metadata_refusal("Identity not found")
        resource = query["resource"]
        if not tokens.services(self._sandbox, resource):
            return _metadata_refusal(
                f"AADSTS500011: The resource principal named {resource} was not found in the tenant named "
                f"{self._sandbox.world.name}.",
                "invalid_resource",
            )
        now, seconds = int(self._sandbox.clock.now().timestamp()), int(_LONG_LIVED.total_seconds())
        return JSONResponse(
            {
                "access_token": tokens.mint(self._sandbox, app, resource, lifetime=_LONG_LIVED),
                "client_id": app.client_id,
                "expires_in": str(seconds),
                "expires_on": str(now + seconds),
                "ext_expires_in": str(seconds),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def _configuration(origin: str, tenant: str, issuer: str) -> dict[str, Any]:
    """The OpenID configuration; msal needs `issuer`, `authorization_endpoint` and `token_endpoint` of it."""
    here = f"{origin}/{tenant}"
    return {
        "token_endpoint": f"{here}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{here}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{origin}/{issuer}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{tokens.GRAPH}/oidc/userinfo",
        "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{here}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver", "uti"],
        "kerberos_endpoint": f"{here}/kerberos",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


def _metadata_refusal(text: str, error: str = "invalid_request") -> Response:
    return JSONResponse({"error": error, "error_description": text}, 400)


def _origin(request: Request) -> str:
    return f"https://{request.headers.get('host', request.url.netloc)}"


def _form(body: bytes) -> dict[str, str]:
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise SignInRefusedError(900144, parameter=name)
    return form[name]


def _resource_of(scope: str) -> str:
    """`https://graph.microsoft.com/.default` -> the resource before it."""
    asked = [part for part in scope.split() if part not in ("openid", "profile", "offline_access")]
    if len(asked) != 1:
        raise SignInRefusedError(70011, scope=scope)
    resource, default, rest = asked[0].rpartition("/.default")
    if not default or rest:
        raise SignInRefusedError(1002012, scope=scope)
    return resource


def _speaks_cae(form: Mapping[str, str]) -> bool:
    """Whether the client declared itself able to follow claims challenges (capability `cp1`); it then
    gets a long-lived token."""
    try:
        claims = json.loads(form.get("claims", "{}"))
        values = claims["access_token"]["xms_cc"]["values"]
    except (ValueError, KeyError, TypeError):
        return False
    return "cp1" in [str(value).lower() for value in values]
