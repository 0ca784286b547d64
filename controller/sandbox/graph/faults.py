"""The weather in Graph's words: how each kind of trouble looks on the wire.

The facts a reader would not guess: Retry-After may be a decimal, the identity service names the limit in
headers of its own, Outlook's concurrency limit has another code than the rate limits, and a gateway's answer
is not JSON [reference: Graph API, throttling and errors].
"""

from __future__ import annotations

from collections.abc import Callable

from controller.sandbox.graph.errors import GraphError, access_denied, denied, unauthenticated
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.state import Call, ConnectionLostError, Fault, FaultKind
from controller.sandbox.world import World

GATEWAY_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body><h1>{0}</h1></body></html>\r\n"


def wait_header(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}


def throttled(fault: Fault, world: World, app_id: str, *, write: bool) -> GraphError:
    """429: Outlook's own code where the fault brings its sentence, the identity service's otherwise."""
    headers = wait_header(fault)
    if fault.text:
        return GraphError(429, "ApplicationThrottled", fault.text, headers, inner={"code": "429"})
    scope = "Write" if write else "ReadWrite"
    headers["x-ms-throttle-scope"] = f"Tenant_Application/{scope}/{app_id}/{world.tenant_id}"
    headers["x-ms-throttle-information"] = "WriteLimitExceeded" if write else "ResourceUnitLimitExceeded"
    return GraphError(
        429,
        "TooManyRequests",
        "Please retry again later.",
        headers,
        inner={"code": "429", "message": "Please retry after", "status": "429"},
    )


def refusal(fault: Fault, call: Call, world: World, app_id: str, *, outlook: bool) -> GraphError | None:
    """The error a fault stands for; None where the call goes on, or its connection is lost."""
    match fault.kind:
        case FaultKind.THROTTLED:
            return throttled(fault, world, app_id, write=call.write)
        case FaultKind.UNAVAILABLE:
            return GraphError(503, "ServiceNotAvailable", "The service is unavailable.", wait_header(fault))
        case FaultKind.TRANSIENT if outlook:
            return GraphError(
                500,
                "ErrorInternalServerTransientError",
                "An internal server error occurred. Try again later.",
            )
        case FaultKind.TRANSIENT:
            return GraphError(500, "Service_InternalServerError", "Encountered an internal server error.")
        case FaultKind.DENIED if outlook:
            return access_denied()
        case FaultKind.DENIED:
            return denied()
        case FaultKind.EXPIRED:
            return unauthenticated("Lifetime validation failed, the token is expired.")
    return None


def gateway(*, write: bool) -> Answer:
    """A front end's page in place of an answer: nothing was done, though the caller cannot know."""
    status, title = (504, "504 Gateway Time-out") if write else (502, "502 Bad Gateway")
    return Answer(status, GATEWAY_PAGE.format(title), {"Content-Type": "text/html"})


def lost(fault: Fault, request: Request, go_on: Callable[[], Answer]) -> Answer:
    """A connection that breaks before or after the work. A member of a batch has no connection of its own:
    the batch's answer arrives, and says 504 for it [inferred]."""
    if fault.kind is FaultKind.LOST_AFTER:
        go_on()
    if request.inner:
        raise GraphError(504, "GatewayTimeout", "The gateway did not receive a response in time.")
    raise ConnectionLostError(fault.kind.value)
