"""Full access and Send As: what is on the lists, who shows how, what only warns."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox.world import Ace, Entry

from .conftest import DOMAIN, SELF, Client, Tenant

SUPPORT, ALEX = f"support@{DOMAIN}", f"alex@{DOMAIN}"
PRESENT = "The appropriate access control entry is already present on the object"


def grant(client: Client, user: str = ALEX, **parameters: Any) -> Any:
    given = {"Identity": SUPPORT, "User": user, "AccessRights": ["FullAccess"], "InheritanceType": "All"}
    return client.run("Add-MailboxPermission", **{**given, **parameters})


def revoke(client: Client, user: str = ALEX, **parameters: Any) -> Any:
    given = {"Identity": SUPPORT, "User": user, "AccessRights": ["FullAccess"]}
    return client.run("Remove-MailboxPermission", **{**given, **parameters})


def users(client: Client, **parameters: Any) -> list[str]:
    return [row["User"] for row in client.run("Get-MailboxPermission", Identity=SUPPORT, **parameters).rows]


def test_granted_and_read_back(client: Client, support: Entry, alex: Entry) -> None:
    assert grant(client, AutoMapping=False).status == 200
    rows = client.run("Get-MailboxPermission", Identity=SUPPORT).rows
    assert rows[0]["AccessRights"] == ["FullAccess, ReadPermission"]  # two rights in one element
    row = rows[1]
    assert (row["User"], row["AccessRights"], row["Deny"], row["IsInherited"]) == (
        ALEX,
        ["FullAccess"],
        False,
        False,
    )
    assert (row["Identity"], row["UserSid"], row["PrimarySmtpAddress"]) == (support.name, alex.sid, "")
    assert not any("automapping" in name.lower() for name in row)
    assert support.permissions[-1].auto_mapping is False


def test_granted_twice_warns_and_leaves_auto_mapping(client: Client, support: Entry, alex: Entry) -> None:
    grant(client)
    reply = grant(client, AutoMapping=False)
    assert (reply.status, reply.rows, reply.warnings[0].startswith(PRESENT)) == (200, [], True)
    assert support.permissions[-1].auto_mapping is True


def test_revoked_and_revoked_again(client: Client, support: Entry, alex: Entry) -> None:
    grant(client)
    assert revoke(client).warnings == []
    assert users(client) == [SELF]
    reply = revoke(client)
    assert (reply.status, "because the ACE doesn't exist on the object" in reply.warnings[0]) == (200, True)


def test_groups_show_by_name(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.put("sg-team", "MailUniversalSecurityGroup")
    grant(client, f"sg-team@{DOMAIN}")
    assert users(client) == [SELF, "sg-team"]


@pytest.mark.parametrize("kind", ["MailUniversalDistributionGroup", "MailContact", "GroupMailbox"])
def test_who_cannot_hold_a_right(tenant: Tenant, client: Client, support: Entry, kind: str) -> None:
    tenant.put("them", kind)
    reply = grant(client, f"them@{DOMAIN}")
    assert (reply.status, reply.error_type) == (400, "RecipientTaskException")
    sent = client.run(
        "Add-RecipientPermission", Identity=SUPPORT, Trustee=f"them@{DOMAIN}", AccessRights=["SendAs"]
    )
    assert sent.status == 400
    assert users(client) == [SELF]


def test_nobody_cannot_either(client: Client, support: Entry) -> None:
    reply = grant(client, "ghost")
    assert (reply.status, reply.error_type) == (400, "ManagementObjectNotFoundException")


@pytest.mark.parametrize("final", [False, True])
def test_what_a_deleted_account_leaves(
    tenant: Tenant, client: Client, support: Entry, alex: Entry, final: bool
) -> None:
    grant(client)
    client.run("Remove-Mailbox", Identity=ALEX)
    if final:
        client.run("Remove-Mailbox", Identity=ALEX, PermanentlyDelete=True)
    assert users(client) == [SELF]
    assert users(client, IncludeUnresolvedPermissions=True) == [SELF, alex.sid]
    revoke(client, alex.sid)
    assert users(client, IncludeUnresolvedPermissions=True) == [SELF]


def test_rows_of_exchanges_own(client: Client, support: Entry, alex: Entry) -> None:
    grant(client)
    support.guid = support.guid[:-1] + "1"
    twice = client.run("Get-MailboxPermission", Identity=SUPPORT).rows
    assert [row["User"] for row in twice] == [SELF, ALEX, SELF]
    assert twice[2]["AccessRights"] == ["FullAccess, ExternalAccount, ReadPermission"]
    support.guid = support.guid[:-1] + "4"
    rows = client.run("Get-MailboxPermission", Identity=SUPPORT).rows
    assert any(row["Deny"] and row["IsInherited"] for row in rows)
    assert any(row["IsInherited"] and not row["Deny"] for row in rows)
    assert revoke(client, SELF, AccessRights=["ExternalAccount"]).warnings  # inherited rows do not go


def test_a_denied_entry_is_another_one(client: Client, support: Entry, alex: Entry) -> None:
    grant(client)
    grant(client, Deny=True)
    rows = client.run("Get-MailboxPermission", Identity=SUPPORT, User=ALEX).rows
    assert [row["Deny"] for row in rows] == [False, True]
    revoke(client, Deny=True)
    assert users(client) == [SELF, ALEX]


def test_the_list_is_full_at_500_orphans_included(client: Client, support: Entry, alex: Entry) -> None:
    support.permissions += [Ace(f"S-1-5-21-1-2-3-{n}", ["FullAccess"]) for n in range(499)]
    reply = grant(client)
    assert (reply.status, reply.error_type) == (400, "InvalidOperationException")
    assert "maximum allowed access control entries of 500" in reply.error_text


def test_rights_come_off_one_by_one(client: Client, support: Entry, alex: Entry) -> None:
    grant(client, AccessRights="FullAccess,ReadPermission")
    revoke(client)
    assert [ace.rights for ace in support.permissions if ace.trustee == alex.object_id] == [
        ["ReadPermission"]
    ]


def test_clear_auto_mapping_and_reset(client: Client, support: Entry, alex: Entry) -> None:
    grant(client)
    client.run("Remove-MailboxPermission", Identity=SUPPORT, ClearAutoMapping=True)
    assert support.permissions[-1].auto_mapping is False
    client.run("Remove-MailboxPermission", Identity=SUPPORT, ResetDefault=True)
    assert users(client) == [SELF]


# --- Send As ----------------------------------------------------------------------------------------------


def send_as(client: Client, verb: str, **parameters: Any) -> Any:
    given = {"Identity": SUPPORT, "Trustee": ALEX, "AccessRights": ["SendAs"]}
    return client.run(f"{verb}-RecipientPermission", **{**given, **parameters})


def test_send_as_round_trip(client: Client, support: Entry, alex: Entry) -> None:
    send_as(client, "Add")
    rows = client.run("Get-RecipientPermission", Identity=SUPPORT).rows
    assert [row["Trustee"] for row in rows] == [SELF, ALEX]
    assert "Deny" not in rows[1]
    assert (rows[1]["AccessControlType"], rows[1]["TrusteeSidString"]) == ("Allow", alex.sid)
    assert send_as(client, "Add").warnings[0].startswith(PRESENT)
    send_as(client, "Remove")
    assert support.send_as == []
    assert "because the ACE isn't present" in send_as(client, "Remove").warnings[0]


def test_send_as_asks_for_confirmation(client: Client, support: Entry, alex: Entry) -> None:
    parameters = {"Identity": SUPPORT, "Trustee": ALEX, "AccessRights": ["SendAs"]}
    reply = client.send("Add-RecipientPermission", parameters)
    assert (reply.status, "@adminapi.confirmationmessage" in reply.body) == (200, True)
    assert support.send_as == []


def test_reverse_lookup_over_all_recipients(
    tenant: Tenant, client: Client, support: Entry, alex: Entry
) -> None:
    team = tenant.put("team", "MailUniversalDistributionGroup")
    for target in (SUPPORT, "team"):
        send_as(client, "Add", Identity=target)
    rows = client.run("Get-RecipientPermission", Trustee=ALEX).rows
    assert [row["Identity"] for row in rows] == [support.name, team.name]
    everything = client.run("Get-RecipientPermission", ResultSize="Unlimited").rows
    assert len(everything) == 4  # SELF of two mailboxes, and these two


def test_send_as_of_the_deleted_shows_a_sid(client: Client, support: Entry, alex: Entry) -> None:
    send_as(client, "Add")
    client.run("Remove-Mailbox", Identity=ALEX)
    rows = client.run("Get-RecipientPermission", Identity=SUPPORT).rows
    assert [row["Trustee"] for row in rows] == [SELF, alex.sid]
