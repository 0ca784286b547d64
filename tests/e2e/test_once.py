"""`mbx run --once`, as a timer has it: the exit status of each thing that can come of a turn, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import TENANT, Desk

LIBRE = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
IN_SYNC = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libre\n"
TAKEN = "kind: SharedMailbox\naddress: pris@entreprise.example\n"
TYPO = "kind: SharedMailbox\naddress: factures@entreprise.example\naccess: {ema@entreprise.example: [full-access]}\n"
NOBODY = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n"
NEW = "kind: SharedMailbox\naddress: nouveau@entreprise.example\ndisplayName: Nouveau\n"
REPORT = TENANT.replace("mode: apply", "mode: report")
SHUT = TENANT + "applyWindows: []\n"
READER = {"MBX_CLIENT_ID": "22222222-0000-4000-8000-000000000002", "MBX_CLIENT_SECRET": "reading-only-secret"}
DENIED = ({"kind": "denied", "operations": ["Get-MailboxPermission"], "targets": ["contact*"]},)
UNREADABLE = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {alice@entreprise.example: [full-access]}\n"


@pytest.mark.parametrize(
    ("tenant", "documents", "status", "said"),
    [
        (TENANT, (IN_SYNC,), 0, "nothing to do"),
        (TENANT, (LIBRE,), 0, "1 applied"),
        (TENANT, (LIBRE, TAKEN), 3, "pris@entreprise.example"),  # blocked for good
        (TENANT, (LIBRE, TYPO), 3, "ema@entreprise.example"),
        (TENANT, (LIBRE, NOBODY), 5, "last-reader/contact@entreprise.example"),
        (TENANT, (TYPO, NOBODY), 5, "last-reader/contact@entreprise.example"),
        (TENANT, (LIBRE + "mode: report\n",), 2, "report-only/libre@entreprise.example"),
        (TENANT, (LIBRE + "mode: report\n", TAKEN), 3, "pris@entreprise.example"),
        (TENANT + "safety: {maxChanges: 0}\n", (LIBRE,), 5, "max-changes/entreprise"),
        (REPORT, (IN_SYNC,), 0, "nothing to do"),
        (REPORT, (LIBRE,), 2, "displayName"),
        (REPORT, (TAKEN,), 0, "pris@entreprise.example"),
        (REPORT, (LIBRE, TYPO), 1, "ema@entreprise.example"),
        (REPORT, (LIBRE, NOBODY), 5, "last-reader/contact@entreprise.example"),
        (SHUT, (LIBRE,), 2, "displayName"),
        (SHUT, (IN_SYNC,), 0, "nothing to do"),
        (TENANT, ("kind: Nonsense\n",), 1, "Nonsense"),
    ],
)
def test_what_comes_of_a_turn(desk: Desk, tenant: str, documents: tuple[str, ...], status: int, said: str) -> None:
    desk.spec(tenant, "tenant.yaml")
    desk.spec("---\n".join(documents))
    done = desk.mbx("run", "--once", code=status)
    assert said in done.out + done.err
    applied = tenant.startswith(TENANT) and tenant != SHUT and "maxChanges" not in tenant and LIBRE in documents
    assert (desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée") == applied
    if not applied:
        assert desk.tenant.writes() == []


@pytest.mark.parametrize(
    ("weather", "env", "status", "said"),
    [
        ((), {"MBX_CLIENT_SECRET": "not-the-secret-at-all"}, 1, "AADSTS7000215"),
        ((), {"MBX_STATE_URL": "sqlite:////proc/nowhere/journal.db"}, 1, "MBX_STATE_URL"),
        ((), READER, 1, "may only read"),
        (({"kind": "denied", "api": "exchange"},), {}, 1, "who is who cannot be read"),
        (({"kind": "denied", "on": "write"},), {}, 1, "may only read"),
        (({"kind": "denied", "operations": ["Set-Mailbox"]},), {}, 1, "may only read"),
    ],
)
def test_what_keeps_it_from_its_work(
    desk: Desk, weather: tuple[dict[str, Any], ...], env: dict[str, str], status: int, said: str
) -> None:
    desk.spec(LIBRE)
    desk.tenant.weather(*weather)
    assert said in desk.mbx("run", "--once", code=status, **env).err
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libre"


@pytest.mark.parametrize(("tenant", "status"), [(TENANT, 3), (REPORT, 1)])
def test_a_part_that_cannot_be_read(desk: Desk, tenant: str, status: int) -> None:
    desk.spec(tenant, "tenant.yaml")
    desk.spec(f"{LIBRE}---\n{UNREADABLE}")
    desk.tenant.weather(*DENIED)
    assert "contact@entreprise.example" in desk.mbx("run", "--once", code=status).out
    assert desk.tenant.writes() == (["Set-Mailbox"] if tenant == TENANT else [])


def test_a_part_that_is_refused(desk: Desk) -> None:
    desk.spec(f"{LIBRE}---\nkind: SharedMailbox\naddress: factures@entreprise.example\ndisplayName: X\n")
    desk.tenant.weather({"kind": "denied", "operations": ["Set-Mailbox"], "targets": ["factures*"]})
    assert "request-id" in desk.mbx("run", "--once", code=3).out


def test_what_is_accepted_and_not_visible_yet_is_well(desk: Desk) -> None:
    desk.spec(NEW)
    desk.tenant.weather(propagation={"permission": "1h", "object": "1h"}, pinnedReads=False)
    assert "propagating" in desk.mbx("run", "--once", code=0).out


def test_who_is_suspended_waits_and_the_rest_is_applied(desk: Desk) -> None:
    desk.spec(f"{LIBRE}---\nkind: SharedMailbox\naddress: factures@entreprise.example\ndisplayName: X\n")
    desk.mbx("suspend", "libre@entreprise.example", "--reason", "Ticket 4711", code=0)
    assert "Ticket 4711" in desk.mbx("run", "--once", code=2).out
    assert desk.tenant.show("factures@entreprise.example")["display_name"] == "X"
    desk.mbx("suspend", "--reason", "Everything", code=0)
    desk.tenant.poke("Set-Mailbox", Identity="factures@entreprise.example", DisplayName="Y")
    assert "Everything" in desk.mbx("run", "--once", code=2).out
    assert desk.tenant.show("factures@entreprise.example")["display_name"] == "Y"
    for words in (("libre@entreprise.example",), ()):
        desk.mbx("resume", *words, code=0)
    desk.mbx("run", "--once", code=0)
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"
