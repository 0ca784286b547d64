"""`POST /hooks/github|gitlab|azure`: a forge says that something was pushed, and the loop looks.

Nothing of the body is used but to check who sent it: what is applied comes from the repository, by the
usual way. So a call that is repeated is harmless; one that cannot prove that it knows `MBX_WEBHOOK_SECRET`
is refused, and without that setting there are no hooks.

GitHub signs the body (`X-Hub-Signature-256`) [doc: GitHub, Validating webhook deliveries]. GitLab sends the
secret itself (`X-Gitlab-Token`), or with a signing token (`whsec_…`) signs id, time and body as Standard
Webhooks have it [doc: GitLab merge request 230944]. Azure DevOps sends a password, by basic
authentication [doc: Azure DevOps, Webhooks].
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from controller.web.site import Site

_LARGEST: Final = 5 * 1024**2  # bytes; a push of a thousand commits has about one
_FRESH: Final = timedelta(minutes=5)  # what Standard Webhooks recommend
_SIGNING: Final = "whsec_"

Headers = Mapping[str, str]


def github(headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(headers.get("x-hub-signature-256", ""), f"sha256={digest}")


def gitlab(headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
    if not secret.startswith(_SIGNING):
        return _same(headers.get("x-gitlab-token", ""), secret)
    try:
        key = base64.b64decode(secret.removeprefix(_SIGNING), validate=True)
        sent = datetime.fromtimestamp(int(headers.get("webhook-timestamp", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    given = headers.get("webhook-signature", "").split()
    return abs(now - sent) <= _FRESH and any(_same(each, wanted) for each in given)


def azure(headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
    """Whatever user name was chosen there; the password is the secret."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        _, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return _same(password, secret)


def _same(given: str, wanted: str) -> bool:
    """In a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


_FORGES: Final[Mapping[str, Callable[[Headers, bytes, str, datetime], bool]]] = {
    "github": github,
    "gitlab": gitlab,
    "azure": azure,
}


async def hook(request: Request) -> PlainTextResponse:
    site: Site = request.app.state.site
    forge: str = request.path_params["forge"]
    check, secret = _FORGES.get(forge), site.settings.webhook_secret
    if check is None or secret is None:
        return PlainTextResponse("no such hook\n", status_code=404)
    body = await _body(request)
    if body is None:
        return PlainTextResponse("the body is too large\n", status_code=413)
    if not check(request.headers, body, secret.get_secret_value(), site.now()):
        asked = {"www-authenticate": 'Basic realm="mbx"'} if forge == "azure" else {}
        return PlainTextResponse("the signature or secret is wrong\n", status_code=401, headers=asked)
    if request.headers.get("x-github-event") == "ping":
        return PlainTextResponse("pong\n")
    site.look(f"hook from {forge}")
    return PlainTextResponse("looking\n", status_code=202)


async def _body(request: Request) -> bytes | None:
    """None where it is larger than any push, whatever its headers say."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > _LARGEST:
            return None
    return bytes(received)


ROUTES = (Route("/hooks/{forge}", hook, methods=["POST"]),)
