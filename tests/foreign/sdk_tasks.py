"""What Microsoft's Graph client for Python does against the sandbox; runs in tests/foreign/.venv.

`python sdk_tasks.py TASK [WORD…]` prints one JSON value. The sandbox is given in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from typing import Any

import httpx
from azure.core.credentials import TokenCredential
from azure.identity import CertificateCredential, ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.groups.item.members.members_request_builder import MembersRequestBuilder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.page_iterator import PageIterator

URL = os.environ["SANDBOX_URL"]
AUTHORITY = os.environ["SANDBOX_CA"]
Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


def credential(kind: str) -> TokenCredential:
    options: dict[str, Any] = {
        "authority": URL,
        "disable_instance_discovery": True,
        "connection_verify": AUTHORITY,
    }
    if kind == "certificate":
        path = os.environ["SANDBOX_CERTIFICATE"]
        return CertificateCredential(
            os.environ["TENANT"], os.environ["CERTIFICATE_APP"], certificate_path=path, **options
        )
    return ClientSecretCredential(os.environ["TENANT"], os.environ["APP"], os.environ["SECRET"], **options)


def client(kind: str = "secret") -> GraphServiceClient:
    host = URL.removeprefix("https://").partition(":")[0]
    provider = AzureIdentityAuthenticationProvider(
        credential(kind), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=[host]
    )
    context = ssl.create_default_context(cafile=AUTHORITY)
    http = GraphClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(verify=context, http2=True)
    )
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{URL}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def asking(**options: Any) -> RequestConfiguration[Query]:
    configuration = RequestConfiguration(query_parameters=Query(**options))
    if options.get("count"):
        configuration.headers.add("ConsistencyLevel", "eventual")
    return configuration


async def get(name: str, kind: str = "secret") -> Any:
    found = await client(kind).users.by_user_id(name).get()
    assert found is not None
    return {"id": found.id, "mail": found.mail, "displayName": found.display_name}


async def missing(name: str) -> Any:
    try:
        await client().users.by_user_id(name).get()
    except ODataError as refusal:
        main = refusal.error
        inner = main.inner_error if main else None
        return {
            "status": refusal.response_status_code,
            "code": main.code if main else None,
            "requestId": inner.request_id if inner else None,
        }
    return None


async def every() -> Any:
    """All users, three a page."""
    graph = client()
    first = await graph.users.get(request_configuration=asking(top=3, select=["mail", "id"]))
    found: list[str] = []
    iterator = PageIterator(first, graph.request_adapter)
    await iterator.iterate(lambda user: found.append(user.id) or True)
    return found


async def count() -> Any:
    from msgraph.generated.users.count.count_request_builder import CountRequestBuilder

    options = CountRequestBuilder.CountRequestBuilderGetQueryParameters()
    configuration = RequestConfiguration(query_parameters=options)
    configuration.headers.add("ConsistencyLevel", "eventual")
    return await client().users.count.get(request_configuration=configuration)


async def matching(text: str, advanced: str = "") -> Any:
    configuration = asking(filter=text, select=["mail"], **({"count": True} if advanced else {}))
    found = await client().users.get(request_configuration=configuration)
    assert found is not None
    return {"count": found.odata_count, "mail": [user.mail for user in found.value or []]}


async def disable(name: str) -> Any:
    graph = client()
    await graph.users.by_user_id(name).patch(User(account_enabled=False))
    found = await graph.users.get(
        request_configuration=asking(filter=f"mail eq '{name}'", select=["accountEnabled"])
    )
    assert found is not None
    return [user.account_enabled for user in found.value or []]


async def members(group: str) -> Any:
    graph = client()
    groups = await graph.groups.get()
    assert groups is not None
    wanted = next(g for g in groups.value or [] if g.display_name == group)
    options = MembersRequestBuilder.MembersRequestBuilderGetQueryParameters(select=["mail", "id"])
    found = await graph.groups.by_group_id(wanted.id or "").members.get(
        request_configuration=RequestConfiguration(query_parameters=options)
    )
    assert found is not None
    return [[type(member).__name__, getattr(member, "mail", None)] for member in found.value or []]


async def refused(group: str, person: str) -> Any:
    graph = client()
    groups = await graph.groups.get()
    assert groups is not None
    wanted = next(g for g in groups.value or [] if g.display_name == group)
    body = ReferenceCreate(odata_id=f"https://graph.microsoft.com/v1.0/users/{person}")
    try:
        await graph.groups.by_group_id(wanted.id or "").members.ref.post(body)
    except ODataError as refusal:
        return refusal.error.message if refusal.error else None
    return None


async def batch(*names: str) -> Any:
    graph = client()
    content = BatchRequestContent()
    items = []
    for name in names:
        item = BatchRequestItem(graph.users.by_user_id(name).to_get_request_information())
        content.add_request(item.id, item)
        items.append(item.id)
    answers = await graph.batch.post(batch_request_content=content)
    assert answers is not None
    return [answers.get_response_by_id(item).status for item in items]


async def delta() -> Any:
    graph = client()
    first = await graph.users.delta.get()
    assert first is not None
    again = await graph.users.delta.with_url(first.odata_delta_link or "").get()
    assert again is not None
    return [len(first.value or []), len(again.value or [])]


async def many(name: str) -> Any:
    """Forty questions at once, through one client."""
    graph = client()
    found = await asyncio.gather(*(graph.users.by_user_id(name).get() for _ in range(40)))
    return len({user.id for user in found if user})


async def throttled(name: str) -> Any:
    """The client's own way with 429: it waits as told and asks again. Tells how often it asked."""
    rule = {"kind": "throttled", "operations": ["GET /users/{user}"], "times": 2}
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=AUTHORITY), base_url=URL
    ) as control:
        await control.request("DELETE", "/_sandbox/requests")
        forecast = {"forecast": {"retryAfter": [0.01], "faults": [rule]}}
        (await control.post("/_sandbox/weather", json=forecast)).raise_for_status()
        try:
            found = await client().users.by_user_id(name).get()
            asked = (await control.get("/_sandbox/requests")).json()["value"]
        finally:
            await control.post("/_sandbox/weather", json={"name": "fair"})
    times = sum(call["operation"] == "GET /users/{user}" for call in asked)
    return [found.mail if found else None, times]


TASKS = {task.__name__: task for task in (get, missing, every, count, matching, disable, members, refused,
                                          batch, delta, many, throttled)}  # fmt: skip

if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(TASKS[sys.argv[1]](*sys.argv[2:]))))
