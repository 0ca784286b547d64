"""Who may look: everything that comes in passes here first, before any page.

On loopback whoever is on this machine may look, if the browser names this machine: a page of somebody
else's whose name was made to lead here (DNS rebinding) does not; nor with a header for a door, which such a
page could set itself. Elsewhere a token is asked for, or a header that a proxy sets once it knows who asks;
with neither, only probes, hooks and bare figures are answered. With both, both: the token is how the proxy
shows that it is the proxy.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from controller.web import paper
from controller.web.site import Site

_OPEN: Final = ("/healthz", "/readyz", "/hooks/", "/static/")  # by what they start with
_COOKIE: Final = "mbx_session"
_LASTS: Final = timedelta(hours=12)
_LARGEST: Final = 4096  # bytes of a login form
_SHUT: Final = (
    "This page shows who can read which mailbox, and is reached from beyond this machine.\n"
    "Set MBX_WEB_TOKEN (and sign in with it), or MBX_WEB_USER_HEADER to the header that your proxy sets\n"
    "once somebody has signed in; or listen on 127.0.0.1. Then start mbx run again.\n"
)
_ELSEWHERE: Final = (
    "On this machine the page answers by http://127.0.0.1 and http://localhost, whatever else leads here.\n"
    "A proxy has to ask by that name, too, or to send MBX_WEB_TOKEN.\n"
)
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
Next = Callable[[Request], Awaitable[Response]]
_log = structlog.get_logger(__name__)


async def pass_on(request: Request, go_on: Next) -> Response:
    """Answers by itself, or lets through; what goes out carries the same headers in any case, and where
    something breaks no more than a word to find it in the log by."""
    try:
        response = _stopped(request) or await go_on(request)
    except Exception:
        said = secrets.token_hex(4)
        _log.exception("page.failed", id=said, method=request.method, path=request.url.path)
        response = PlainTextResponse(f"something broke here; the log tells what, under {said}\n", 500)
    if request.url.path.startswith("/static/"):
        response.headers["cache-control"] = "no-cache"  # kept, and asked about; pages are kept nowhere
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("content-security-policy", POLICY)
    return response


def _stopped(request: Request) -> Response | None:
    path = request.url.path
    if path.startswith(_OPEN):
        return None
    if path != "/login" and request.method not in ("GET", "HEAD"):
        return PlainTextResponse("these pages only show\n", 405, {"allow": "GET, HEAD"})
    site: Site = request.app.state.site
    if not (site.exposed or site.settings.web_token or is_here(request)):
        return PlainTextResponse(_ELSEWHERE, 421)
    if site.exposed and not _has_door(site):
        return PlainTextResponse(_SHUT, 403)
    if path == "/login" or is_let_in(request) or (path == "/metrics" and has_token(request)):
        return None  # Prometheus comes by itself, past the proxy
    return _asked(request, site)


def _asked(request: Request, site: Site) -> Response:
    header = site.settings.web_user_header
    if header and not request.headers.get(header, "").strip():
        return PlainTextResponse(f"sign in at the proxy: its header {header} is missing\n", 401)
    if header or "text/html" not in request.headers.get("accept", ""):
        said = "the token is missing or wrong: Authorization: Bearer, with MBX_WEB_TOKEN\n"
        return PlainTextResponse(said, 401, {"www-authenticate": 'Bearer realm="mbx"'})
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{paper.root(request)}login?to={quote(target, safe='')}", 303)


def _has_door(site: Site) -> bool:
    return bool(site.settings.web_token or site.settings.web_user_header)


def is_here(request: Request) -> bool:
    """Whether it was this machine that was asked for."""
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def is_let_in(request: Request) -> bool:
    site: Site = request.app.state.site
    header = site.settings.web_user_header
    if not _has_door(site):
        return not site.exposed and is_here(request)
    if header and not request.headers.get(header, "").strip():
        return False
    return site.settings.web_token is None or has_token(request)


def has_token(request: Request) -> bool:
    """By the header, or by the cookie that signing in gave."""
    site: Site = request.app.state.site
    if site.settings.web_token is None:
        return False
    token = site.settings.web_token.get_secret_value()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.encode())
    return _is_session(request.cookies.get(_COOKIE, ""), token, site.now())


def _session(token: str, now: datetime) -> str:
    ends = str(int((now + _LASTS).timestamp()))
    return f"{ends}.{_sign(ends, token)}"


def _sign(ends: str, token: str) -> str:
    return hmac.new(token.encode(), b"mbx session " + ends.encode(), hashlib.sha256).hexdigest()


def _is_session(cookie: str, token: str, now: datetime) -> bool:
    ends, _, signed = cookie.partition(".")
    if not (ends.isascii() and ends.isdigit() and len(ends) < 12):
        return False
    return hmac.compare_digest(signed.encode(), _sign(ends, token).encode()) and now.timestamp() < int(ends)


def _inside(target: str) -> str:
    """A place of ours to go on to, whatever was asked for."""
    parts = urlsplit(target)
    fine = target.startswith("/") and "//" not in target[:2] and "\\" not in target
    return target if fine and not parts.netloc and target.isprintable() else "/"


async def login(request: Request) -> Response:
    site: Site = request.app.state.site
    if site.settings.web_token is None:
        return RedirectResponse(paper.root(request), 303)
    if request.method != "POST":
        target = _inside(request.query_params.get("to", "/"))
        return paper.page(request, "login.html.j2", title="Sign in", target=target, wrong=False)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return PlainTextResponse("the form is too large\n", 413)
    form = parse_qs(body.decode("utf-8", "replace"))
    target = _inside(form.get("to", ["/"])[0])
    token = site.settings.web_token.get_secret_value()
    if not hmac.compare_digest(form.get("token", [""])[0].strip().encode(), token.encode()):
        return paper.page(request, "login.html.j2", title="Sign in", target=target, wrong=True, status=401)
    response = RedirectResponse(f"{paper.root(request)}{target[1:]}", 303)
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
    response.set_cookie(
        _COOKIE, _session(token, site.now()), max_age=int(_LASTS.total_seconds()), httponly=True,
        samesite="lax", secure=secure,
    )  # fmt: skip
    return response


ROUTES = (Route("/login", login, methods=["GET", "POST"]),)
