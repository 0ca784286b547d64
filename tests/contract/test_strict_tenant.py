"""The controller against a tenant that is not its own sandbox: every legal choice ends in the same world."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.cli import outcome
from controller.clients import connect
from controller.journal import Journal
from controller.model import Cycle, Plan
from controller.reconciler import Setting, carry_out, prepare
from controller.settings import load_settings
from controller.spec import load
from tests.contract.strict_cmdlets import Choices, Thing
from tests.contract.strict_tenant import StrictTenant

BASE = "https://strict.example"
TENANT = """\
kind: Tenant
name: entreprise
tenantId: 7f1b2c3d-0000-4000-8000-000000000001
timeZone: Europe/Paris
safety: {maxShareLosingAccess: 1}
"""
SPECS = """\
kind: SharedMailbox
address: Support@contoso.example
displayName: Support Clients
aliases: [Aide@contoso.example]
hiddenFromAddressLists: true
access:
  alice@contoso.example: [full-access, send-as, send-on-behalf]
  bruno@contoso.example: {rights: [full-access], autoMapping: false}
  equipe@contoso.example: [full-access, send-as, send-on-behalf]
  externe@partenaire.example: [full-access]
sentItems: {copySentAs: true, copySentOnBehalf: true}
signInBlocked: true
---
kind: SharedMailbox
address: contact@contoso.example
displayName: Contact
aliases: [accueil@contoso.example]
hiddenFromAddressLists: false
access:
  bruno@contoso.example: [full-access, send-as]
  noyau@contoso.example: {rights: [full-access, send-on-behalf], expand: true}
sentItems: {copySentAs: false}
signInBlocked: true
---
kind: SharedMailbox
address: facturation@contoso.example
previousAddresses: [factures@contoso.example]
aliases: []
access: {chloe@contoso.example: [send-on-behalf]}
"""
ORPHAN = "S-1-5-21-1111111111-2222222222-3333333333-7654321"


def populated(choices: Choices) -> StrictTenant:
    alice = Thing("UserMailbox", "Alice@contoso.example", "Alice Martin")
    bruno = Thing("UserMailbox", "bruno@contoso.example", "Bruno Petit", upn="bruno.petit@contoso.example")
    chloe = Thing("UserMailbox", "chloe@contoso.example", "Chloé Durand")
    david = Thing("UserMailbox", "david@contoso.example", "David Leroy")
    externe = Thing("GuestMailUser", "externe@partenaire.example", "Externe",
                    upn="externe_partenaire.example#EXT#@contoso.onmicrosoft.com")  # fmt: skip
    noyau = Thing("MailUniversalSecurityGroup", "noyau@contoso.example", "Noyau", members=[chloe])
    equipe = Thing("MailUniversalSecurityGroup", "equipe@contoso.example", "Équipe", members=[alice, noyau])
    noyau.members.append(equipe)
    contact = Thing("SharedMailbox", "contact@contoso.example", "Contact", full=[alice, david, ORPHAN],
                    aliases=["vieux@contoso.example", "contact@contoso.onmicrosoft.com"],
                    send_as=[david, bruno], on_behalf=[david, alice])  # fmt: skip
    factures = Thing("SharedMailbox", "factures@contoso.example", "Factures", on_behalf=[chloe])
    untouched = Thing("SharedMailbox", "libre@contoso.example", "Libre", full=[david])
    things = [alice, bruno, chloe, david, externe, noyau, equipe, contact, factures, untouched]
    return StrictTenant(choices, things, ["contoso.example", "contoso.onmicrosoft.com"])


class Tokens:
    async def token(self, scope: str, *, claims: str | None = None) -> str:
        return "graph" if "graph" in scope else "exchange"


@dataclasses.dataclass
class Bench:
    """A specs folder held against a strict tenant, on a clock that moves only when waited on."""

    folder: Path
    tenant: StrictTenant
    journal: Journal = dataclasses.field(default_factory=lambda: Journal.open("sqlite://"))
    at: datetime = datetime(2026, 12, 1, 9, tzinfo=UTC)

    def setting(self) -> Setting:
        (specs,) = load(self.folder, root=self.folder).tenants
        return Setting(specs=specs, commit=None, now=lambda: self.at, journal=self.journal, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds, microseconds=1)
        await asyncio.sleep(0)

    def _monotonic(self) -> float:
        return self.at.timestamp()

    def connection(self) -> Any:
        environ = {"MBX_CLIENT_ID": "x", "MBX_CLIENT_SECRET": "y", "MBX_AUTHORITY_URL": BASE,
                   "MBX_GRAPH_URL": BASE, "MBX_EXCHANGE_URL": BASE}  # fmt: skip
        return connect(
            load_settings(environ, env_file=None), tenant_id="7f1b2c3d-0000-4000-8000-000000000001",
            transport=httpx.ASGITransport(self.tenant), tokens=Tokens(), sleep=self.sleep,
            monotonic=self._monotonic, rng=random.Random(1),
        )  # fmt: skip

    def plan(self) -> Plan:
        async def go() -> Plan:
            async with self.connection() as connection:
                return (await prepare(self.setting(), connection.reader())).plan

        return asyncio.run(go())

    def apply(self) -> Cycle:
        async def go() -> Cycle:
            async with self.connection() as connection:
                prepared = await prepare(self.setting(), connection.reader())
                return await carry_out(self.setting(), connection, prepared)

        return asyncio.run(go())

    def called(self, things: list[Any]) -> set[str]:
        return {t if isinstance(t, str) else t.address.lower() for t in things}


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    def make(choices: Choices | None = None, specs: str = SPECS) -> Bench:
        (tmp_path / "tenant.yaml").write_text(TENANT, encoding="utf-8")
        (tmp_path / "boxes.yaml").write_text(specs, encoding="utf-8")
        return Bench(tmp_path, populated(choices or Choices()))

    return make


ODD = Choices(
    error_shape="B", not_found=400, joined_rights=True, on_behalf="canonical", sids=False, spelt_booleans=True,
    page=3, selects=False, human_names=True, throttles_first="0.25", graph_late=2, terse_creation=True,
    writes_say="absent", synced_shown=False,
)  # fmt: skip
EACH = {
    "the plainest": Choices(),
    "errors whose detail is JSON": Choices(error_shape="B"),
    "not found is 400": Choices(not_found=400),
    "rights in one text": Choices(joined_rights=True),
    "trustees by display name": Choices(trustees="display"),
    "canonical names": Choices(on_behalf="canonical", human_names=True),
    "no SIDs": Choices(sids=False),
    "booleans spelt out": Choices(spelt_booleans=True),
    "pages of three": Choices(page=3),
    "$select ignored": Choices(selects=False),
    "human names": Choices(human_names=True),
    "throttled at first, for a quarter of a second": Choices(throttles_first="0.25"),
    "Get-User not granted": Choices(users_denied=True),
    "Get-User not granted, and no SIDs": Choices(users_denied=True, sids=False),
    "Graph learns late": Choices(graph_late=3),
    "a terse creation": Choices(terse_creation=True),
    "writes answer with nothing": Choices(writes_say="nothing"),
    "writes answer without value": Choices(writes_say="absent"),
    "writes answer with an empty list": Choices(writes_say="empty"),
    "no batches": Choices(batches=False),
    "no IsDirSynced": Choices(synced_shown=False),
    "all of it": ODD,
}


@pytest.mark.parametrize("choices", EACH.values(), ids=EACH.keys())
def test_whatever_it_chooses_it_ends_as_the_specs_say(bench: Callable[..., Bench], choices: Choices) -> None:
    at = bench(choices)
    cycle = at.apply()
    assert [(o.change.id, o.error) for o in cycle.outcomes if o.status.value != "applied"] == []
    assert outcome.of_cycle(cycle) == outcome.GOOD
    tenant = at.tenant
    support = tenant.find("support@contoso.example")
    assert support.address == "Support@contoso.example"  # as written
    assert "Aide@contoso.example" in support.aliases
    assert at.called(support.full) == {
        "alice@contoso.example", "bruno@contoso.example", "equipe@contoso.example", "externe@partenaire.example"
    }  # fmt: skip
    assert at.called(support.send_as) == {"alice@contoso.example", "equipe@contoso.example"}
    assert at.called(support.on_behalf) == {"alice@contoso.example", "equipe@contoso.example"}
    assert support.mapped[tenant.find("bruno@contoso.example").guid] is False
    assert support.enabled is False
    contact = tenant.find("contact@contoso.example")
    assert set(contact.aliases) == {"accueil@contoso.example", "contact@contoso.onmicrosoft.com"}
    assert at.called(contact.full) == {
        "alice@contoso.example", "bruno@contoso.example", "chloe@contoso.example", ORPHAN
    }  # fmt: skip
    assert at.called(contact.send_as) == {"bruno@contoso.example"}
    assert at.called(contact.on_behalf) == {"alice@contoso.example", "chloe@contoso.example"}
    renamed = tenant.find("facturation@contoso.example")
    assert renamed.aliases == ["factures@contoso.example"]
    done = list(tenant.writes)
    assert at.plan().changes == ()
    assert not at.apply().outcomes
    assert tenant.writes == done
    assert tenant.told == []  # nothing was asked for twice, or for nothing


TWINS = """\
kind: SharedMailbox
address: contact@contoso.example
access:
  alice@contoso.example: [full-access, send-as]
  equipe@contoso.example: [full-access, send-as]
"""


@pytest.mark.parametrize("sids", [True, False])
def test_two_of_one_name_are_told_apart_by_asking(bench: Callable[..., Bench], sids: bool) -> None:
    at = bench(Choices(trustees="display", sids=sids), TWINS)
    tenant = at.tenant
    other = Thing("UserMailbox", "alice.martin@contoso.example", "Alice Martin")
    group = Thing("MailUniversalSecurityGroup", "equipe2@contoso.example", "Équipe")
    for thing in (other, group):
        tenant.christen(thing)
        tenant.things.append(thing)
    contact = tenant.find("contact@contoso.example")
    contact.full[:] = [other, group, tenant.find("equipe@contoso.example")]
    contact.send_as[:] = [group]
    at.apply()
    named = {"alice@contoso.example", "equipe@contoso.example"}
    assert (at.called(contact.full), at.called(contact.send_as)) == (named, named)
    assert at.plan().changes == ()
