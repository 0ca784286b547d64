"""Whether an app is who it says: by secret, by an assertion it signed, or by another issuer's token.

Times in an assertion are the client's, so they are compared with the clients' clock where the tenant's has
been moved. An outside issuer's signature is checked only where the scenario registers its key: the sandbox
never fetches keys from the internet, and otherwise goes by the claims alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from controller.sandbox import jws
from controller.sandbox.entra_errors import SignInRefusedError

if TYPE_CHECKING:
    from controller.sandbox.state import Sandbox
    from controller.sandbox.world import App

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SKEW = timedelta(minutes=5)


def check(sandbox: Sandbox, app: App, form: Mapping[str, str], audiences: Iterable[str]) -> None:
    """Raises SignInRefusedError unless the form proves that the caller is `app`. `audiences` are the
    spellings of the token endpoint that an assertion may be meant for."""
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise SignInRefusedError(900144, parameter="client_assertion_type")
        _check_assertion(sandbox, app, form["client_assertion"], audiences)
    elif form.get("client_secret"):
        _check_secret(sandbox, app, form["client_secret"])
    else:
        raise SignInRefusedError(7000216)


def _check_secret(sandbox: Sandbox, app: App, given: str) -> None:
    known = next((s for s in app.secrets if hmac.compare_digest(s.encode(), given.encode())), None)
    if known is None:
        raise SignInRefusedError(7000215, client=app.client_id)
    if known in app.secret_ends and sandbox.clock.now() >= app.secret_ends[known]:
        raise SignInRefusedError(7000222, client=app.client_id)


def _check_assertion(sandbox: Sandbox, app: App, assertion: str, audiences: Iterable[str]) -> None:
    try:
        token = jws.parse(assertion)
    except jws.MalformedTokenError as error:
        raise SignInRefusedError(50027) from error
    # Its own assertion names the app as issuer; anything else is another identity provider's token.
    if token.claims.get("iss") == app.client_id or not app.federated:
        _check_signed(sandbox, app, token)
        _check_times(sandbox, token)
        if not {a.lower() for a in _audiences(token)} & {a.lower() for a in audiences}:
            raise SignInRefusedError(700023)
    else:
        _check_federated(app, token)
        _check_times(sandbox, token)


def _check_signed(sandbox: Sandbox, app: App, token: jws.Jws) -> None:
    if token.claims.get("iss") != app.client_id or token.claims.get("sub") != app.client_id:
        raise SignInRefusedError(700021)
    certificate = _named_certificate(app, token.header)
    if certificate is None:
        raise SignInRefusedError(700027, why="The key was not found.")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or not jws.verifies(token, key):
        raise SignInRefusedError(700027, why="The provided signature value did not match the expected one.")
    if sandbox.clock.now() >= certificate.not_valid_after_utc:
        raise SignInRefusedError(7000222, client=app.client_id)


def _named_certificate(app: App, header: Mapping[str, object]) -> x509.Certificate | None:
    """The registered certificate that the header's thumbprint names; `kid` may hold it in hex."""
    try:
        named = {jws.decode(str(header[name])).hex() for name in ("x5t", "x5t#S256") if header.get(name)}
    except jws.MalformedTokenError as error:
        raise SignInRefusedError(50027) from error
    if header.get("kid"):
        named.add(str(header["kid"]).lower())
    for pem in app.certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        # SHA-1 names the certificate here, it protects nothing.
        prints = {certificate.fingerprint(algorithm).hex() for algorithm in (hashes.SHA1(), hashes.SHA256())}  # noqa: S303
        if prints & named:
            return certificate
    return None


def _check_times(sandbox: Sandbox, token: jws.Jws) -> None:
    now = sandbox.outside() if sandbox.outside else sandbox.clock.now()
    ends = token.claims.get("exp")
    begins = token.claims.get("nbf", token.claims.get("iat", 0))
    if not isinstance(ends, int | float) or not isinstance(begins, int | float):
        raise SignInRefusedError(50027)
    first, last = (datetime.fromtimestamp(stamp, UTC) for stamp in (begins, ends))
    if not first - _SKEW <= now < last + _SKEW:
        raise SignInRefusedError(700024, now=now.isoformat(), begins=first.isoformat(), ends=last.isoformat())


def _check_federated(app: App, token: jws.Jws) -> None:
    """Issuer, subject and audience must be one record's, to the letter [observed: CI reports of 700213]."""
    issuer, subject = str(token.claims.get("iss", "")), str(token.claims.get("sub", ""))
    of_issuer = [record for record in app.federated if record[0] == issuer]
    if not of_issuer:
        raise SignInRefusedError(700211, value=issuer)
    of_subject = [record for record in of_issuer if record[1] == subject]
    if not of_subject:
        raise SignInRefusedError(700213, value=subject)
    audiences = _audiences(token)
    if not any(record[2] in audiences for record in of_subject):
        raise SignInRefusedError(700212, value=" ".join(audiences))
    if issuer in app.issuer_keys:
        key = serialization.load_pem_public_key(app.issuer_keys[issuer].encode())
        if not isinstance(key, RSAPublicKey) or not jws.verifies(token, key):
            raise SignInRefusedError(700027, why="The signature of the external token does not verify.")


def _audiences(token: jws.Jws) -> list[str]:
    audience = token.claims.get("aud", [])
    return [str(each) for each in (audience if isinstance(audience, list) else [audience])]
