"""Reads one after the other, each when the answer to the last has come: prints seconds for each.

Usage: `python -m tests.bench._singly TENANT_ID < calls.json`, calls being `[operation, target]`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from controller.clients import Connection, connect
from controller.log import set_up
from controller.settings import load_settings

# What the plan asks of one object, as it asks it.
_ASKED: dict[str, dict[str, Any]] = {
    "Get-MailboxPermission": {"IncludeUnresolvedPermissions": True, "ResultSize": "Unlimited"},
    "Get-DistributionGroupMember": {"ResultSize": "Unlimited"},
}
_NAMED = {"Get-InboxRule": "Mailbox"}  # the parameter that takes the target, where it is not Identity


async def _all(connection: Connection, calls: list[tuple[str, str]]) -> float:
    await connection.sign_in()
    reader = connection.reader()

    async def ask(operation: str, target: str) -> None:
        who = {_NAMED.get(operation, "Identity"): target}
        await reader.exchange(operation, {**who, **_ASKED.get(operation, {})})

    await ask(*calls[0])  # the connection stands; that is not counted
    began = time.perf_counter()
    for operation, target in calls:
        await ask(operation, target)
    return (time.perf_counter() - began) / len(calls)


async def main() -> None:
    set_up(level="warning")
    settings = load_settings(env_file=None)
    calls = [(operation, target) for operation, target in json.load(sys.stdin)]
    async with connect(settings, tenant_id=sys.argv[1]) as connection:
        print(await _all(connection, calls))


if __name__ == "__main__":
    asyncio.run(main())
