"""Who did it, out of records as the audit log has them; and what it never records."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.blame import Deed, blame, is_recorded
from controller.directory import Directory, Principal
from controller.model import Action, Change, Key, Kind, Request

BOX = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ACCOUNT = "5f0c0000-0000-4000-8000-000000000001"


def somebody(name: str, number: int) -> Principal:
    ident = f"5f0c0000-0000-4000-8000-{number:012}"
    return Principal(
        guid=ident, object_id=ident, type="UserMailbox", name=name, display_name=name.title(),
        address=f"{name}@entreprise.example", addresses=(f"{name}@entreprise.example",),
        upn=f"{name}@entreprise.example",
    )  # fmt: skip


@pytest.fixture
def directory() -> Directory:
    found = Directory()
    for number, name in enumerate(("support", "alice", "bruno"), start=1):
        found.add(somebody(name, number))
    return found


class Log:
    """Answers the first search with everything, the next with nothing."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.rows = [{"Identity": str(n), "AuditData": json.dumps(each)} for n, each in enumerate(records)]
        self.operations: set[str] = set()

    async def exchange(self, cmdlet: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        self.operations |= set(parameters["Operations"])
        rows, self.rows = self.rows, []
        return [row for row in rows if json.loads(row["AuditData"])["Operation"] in parameters["Operations"]]


def change(action: Action, call: str, api: str = "exchange", **parameters: Any) -> Change:
    return Change(BOX, "x", action, ("x",), None, None, None, requests=(Request(api, call, parameters),))


def told(directory: Directory, log: Log, one: Change) -> str | None:
    since = {BOX: NOW - timedelta(hours=1)}
    found = asyncio.run(
        blame(log, [one], directory, since=since, until=NOW, session_id="s", own_app=None)  # type: ignore[arg-type]
    )
    return next((deed.who for deed in found.values()), None)


def done(operation: str, member: str) -> dict[str, Any]:
    """As investigations of taken-over mailboxes show them."""
    return {
        "CreationTime": "2026-12-01T11:30:00", "Operation": operation, "UserId": "intrus@entreprise.example",
        "MailboxOwnerUPN": "support@entreprise.example",
        "Item": {"ParentFolder": {"MemberRights": "ReadAny, Visible", "MemberUpn": member, "Path": "\\Inbox"}},
    }  # fmt: skip


def test_who_opened_a_folder_in_outlook(directory: Directory) -> None:
    place = f"{somebody('support', 1).guid}:LgAAAA"
    revoke = change(
        Action.REVOKE, "Remove-MailboxFolderPermission", Identity=place, User=somebody("alice", 2).guid
    )
    added = done("AddFolderPermissions", "alice@entreprise.example")
    assert told(directory, Log(added), revoke) == "intrus@entreprise.example"
    assert told(directory, Log({**added, "MailboxOwnerUPN": "bruno@entreprise.example"}), revoke) is None
    assert told(directory, Log(done("AddFolderPermissions", "bruno@entreprise.example")), revoke) is None
    assert told(directory, Log(done("RemoveFolderPermissions", "alice@entreprise.example")), revoke) is None


def test_of_two_in_one_second_the_same_is_told_each_time(directory: Directory) -> None:
    """The log comes in no order."""
    revoke = change(Action.REVOKE, "Remove-MailboxFolderPermission", User=somebody("alice", 2).guid)
    added = done("AddFolderPermissions", "alice@entreprise.example")
    both = [{**added, "UserId": "admin@entreprise.example"}, added]
    assert told(directory, Log(*both), revoke) == told(directory, Log(*reversed(both)), revoke)


def test_who_opened_a_folder_by_cmdlet(directory: Directory) -> None:
    record = {
        "CreationTime": "2026-12-01T11:30:00", "Operation": "Add-MailboxFolderPermission", "UserId": "chef@x.example",
        "Parameters": [{"Name": "Identity", "Value": "support@entreprise.example:\\Calendrier"},
                       {"Name": "User", "Value": "alice@entreprise.example"}],
    }  # fmt: skip
    revoke = change(Action.REVOKE, "Remove-MailboxFolderPermission", User=somebody("alice", 2).guid)
    assert told(directory, Log(record), revoke) == "chef@x.example"


def test_who_gave_a_licence(directory: Directory) -> None:
    record = {
        "CreationTime": "2026-12-01T11:30:00", "Operation": "Change user license.", "UserId": "chef@x.example",
        "ObjectId": ACCOUNT,
    }  # fmt: skip
    given = change(Action.UPDATE, f"POST /users/{ACCOUNT}/assignLicense", "graph")
    assert told(directory, Log(record), given) == "chef@x.example"


@pytest.mark.parametrize(
    ("call", "recorded"),
    [
        (f"POST /users/{ACCOUNT}/outlook/masterCategories", False),
        (f"POST /users/{ACCOUNT}/mailFolders", False),
        (f"POST /users/{ACCOUNT}/mailFolders/searchfolders/childFolders", False),
        (f"PATCH /users/{ACCOUNT}/mailFolders/inbox/messageRules/1", True),
        (f"PATCH /users/{ACCOUNT}", True),
    ],
)
def test_what_the_log_never_records_is_not_sought(call: str, recorded: bool, directory: Directory) -> None:
    one, log = change(Action.ADD, call, "graph"), Log()
    assert is_recorded(one) is recorded
    assert told(directory, log, one) is None
    assert bool(log.operations) is recorded


OWN = "11111111-0000-4000-8000-000000000001"
TIP = change(Action.UPDATE, "Set-Mailbox", Identity="support@entreprise.example", MailTip="Bonjour")


def record(minutes: int, who: str = "intrus@entreprise.example", **more: Any) -> dict[str, Any]:
    """A cmdlet, so many minutes before now."""
    return {
        "CreationTime": f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}", "Operation": "Set-Mailbox",
        "UserId": who, "ObjectId": "support@entreprise.example",
        "Parameters": [{"Name": "Identity", "Value": "support@entreprise.example"}, {"Name": "MailTip", "Value": "x"}],
        **more,
    }  # fmt: skip


def deed_of(directory: Directory, log: Log, *, after: timedelta = timedelta(hours=1)) -> Deed | None:
    since = {BOX: NOW - after}
    found = asyncio.run(
        blame(log, [TIP], directory, since=since, until=NOW, session_id="s", own_app=OWN)  # type: ignore[arg-type]
    )
    return found.get(TIP.id)


def test_no_record_yet_blames_nobody_and_a_late_one_is_found_by_the_next_look(directory: Directory) -> None:
    assert deed_of(directory, Log()) is None
    deed = deed_of(directory, Log(record(30)))
    assert deed is not None
    assert (deed.who, deed.at) == ("intrus@entreprise.example", NOW - timedelta(minutes=30))


def test_a_record_that_comes_twice_is_one_deed_and_the_last_deed_counts(directory: Directory) -> None:
    log = Log(
        record(50, "erst@entreprise.example"), record(20), record(50, "erst@entreprise.example"), record(20)
    )
    log.rows[3]["Identity"] = log.rows[1]["Identity"]
    log.rows.reverse()  # nobody promises an order
    deed = deed_of(directory, log)
    assert deed is not None
    assert (deed.who, deed.at) == ("intrus@entreprise.example", NOW - timedelta(minutes=20))


@pytest.mark.parametrize("own", [{"AppId": OWN}, {"AppId": OWN.upper()}, {"UserId": OWN}])
def test_its_own_writes_are_nobodys_drift(own: dict[str, str], directory: Directory) -> None:
    assert deed_of(directory, Log({**record(10), **own})) is None
    deed = deed_of(directory, Log({**record(10), **own}, record(40)))
    assert deed is not None
    assert deed.at == NOW - timedelta(minutes=40), "somebody else's, though ours is later"


def test_what_was_done_before_it_was_last_in_order_is_no_drift(directory: Directory) -> None:
    assert deed_of(directory, Log(record(61))) is None
    assert deed_of(directory, Log(record(61)), after=timedelta(hours=2)) is not None


def test_a_record_that_cannot_be_read_accuses_nobody(directory: Directory) -> None:
    log = Log(record(10), record(10))
    log.rows[0]["AuditData"] = json.dumps({**record(10), "CreationTime": "yesterday"})
    log.rows[1]["AuditData"] = json.dumps({**record(10), "Parameters": [], "ObjectId": ""})
    assert deed_of(directory, log) is None
