"""A plan that was saved and reviewed is applied as it was, or not at all."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from pathlib import Path

import httpx
import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.errors import StaleError
from controller.report import plan_schema
from controller.saved import check, check_signer, open_sealed, seal, unpack
from controller.source import check_merged, commit_of, inside
from controller.spec import load
from tests.rig import Rig

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access: {alice@entreprise.example: [full-access, send-as]}
"""


OTHER = """\
kind: SharedMailbox
address: contact@entreprise.example
displayName: Contact
"""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def saved(tenant: Rig, go, key: Ed25519PrivateKey | None = None) -> str:
    return seal(go(tenant.plan()), tenant.specs(), (), {}, key=key)


def test_it_carries_the_specs_it_was_made_from(rig, go, tmp_path_factory: pytest.TempPathFactory):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    folder = tmp_path_factory.mktemp("again")
    (specs,) = load(unpack(opened, folder)).tenants
    assert specs.digest == tenant.specs().digest == opened.specs_digest


def test_it_fits_its_schema(rig, go):
    jsonschema.validate(json.loads(saved(rig(BOX), go)), plan_schema())


def test_it_holds_while_nothing_that_matters_changed(rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    tenant.poke("Set-Mailbox", Identity="contact@entreprise.example", DisplayName="Autre")
    check(opened, go(tenant.plan()))


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Set-Mailbox", {"DisplayName": "Quelqu'un d'autre"}),
        ("Add-MailboxPermission", {"User": "alice@entreprise.example", "AccessRights": ["FullAccess"]}),
        ("Add-MailboxPermission", {"User": "emma@entreprise.example", "AccessRights": ["FullAccess"]}),
    ],
)
def test_it_is_stale_once_the_mailbox_changed(cmdlet, parameters, rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    tenant.poke(cmdlet, Identity="libre@entreprise.example", **parameters)
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))


def test_it_is_applied_once(rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    go(tenant.apply())
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))


def test_one_byte_flipped_anywhere(rig, go):
    """In turn at each place of the file, signed and not."""
    tenant = rig(BOX)
    chance = random.Random(6)
    for key in (None, KEY):
        content = saved(tenant, go, key).encode()
        open_sealed(content)
        for place in range(len(content)):
            altered = bytearray(content)
            altered[place] ^= chance.randrange(1, 256)
            with pytest.raises(StaleError):
                open_sealed(bytes(altered))


def test_a_line_end_or_an_indent_of_another_kind_is_another_file(rig, go):
    text = saved(rig(BOX), go, KEY)
    for altered in (text.replace("\n", "\r\n"), text.replace("\n", " "), text.replace("  ", "\t"), text + "\n"):
        with pytest.raises(StaleError):
            open_sealed(altered)


def test_an_altered_plan_is_refused_though_it_is_well_formed(rig, go):
    text = saved(rig(BOX), go)
    whole = json.loads(text)
    whole["changes"][0]["after"] = "Autre chose"
    indented = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    for altered in (indented, text.replace("alice", "emma"), text[:-5], "[]", "", "[" * 100_000):
        with pytest.raises(StaleError):
            open_sealed(altered)


def test_only_the_holder_of_the_key_can_sign(rig, go):
    tenant = rig(BOX)
    trusted = KEY.public_key()
    check_signer(open_sealed(saved(tenant, go, KEY)), trusted)
    with pytest.raises(StaleError, match="not signed"):
        check_signer(open_sealed(saved(tenant, go)), trusted)
    foreign = saved(tenant, go, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(StaleError, match="another key"):
        check_signer(open_sealed(foreign), trusted)


def test_a_signature_does_not_move_to_another_plan(rig, go):
    """Nor does a foreign one pass under the trusted key's name."""
    tenant = rig(BOX)
    mine = json.loads(saved(tenant, go, KEY))
    tenant.poke("Set-Mailbox", Identity="libre@entreprise.example", DisplayName="Ailleurs")
    other = json.loads(saved(tenant, go, Ed25519PrivateKey.from_private_bytes(bytes(32))))
    for swapped in ({"signature": mine["signature"]}, {"signedBy": mine["signedBy"]}):
        with pytest.raises(StaleError):
            open_sealed(json.dumps({**other, **swapped}, ensure_ascii=False, indent=2) + "\n")


class Tap(httpx.AsyncBaseTransport):
    """Notes every write that goes to the tenant, as the plan would show it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.writes: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        if "/InvokeCommand" in request.url.path:
            sent = body["CmdletInput"]
            self._note("exchange", sent["CmdletName"], sent["Parameters"], sent["CmdletName"].startswith("Get-"))
        elif not request.url.path.endswith("/$batch"):  # where only reads are gathered
            call = f"{request.method} {request.url.path.removeprefix('/v1.0')}"
            self._note("graph", call, body, request.method == "GET")
        return await self._inner.handle_async_request(request)

    def _note(self, api: str, call: str, parameters: object, reads: bool) -> None:
        if not reads:
            self.writes.append(json.dumps([api, call, parameters], sort_keys=True))


def test_requests_shown_and_requests_sent_are_one_to_one(rig, go):
    settings = """
aliases: [secours@entreprise.example]
automaticReplies: {state: enabled, internal: Absent, externalAudience: none}
signInBlocked: true
categories: {Urgent: red}
folders: {Clients: {}}
"""
    tenant = rig(BOX + settings.lstrip("\n"), OTHER)
    opened = open_sealed(saved(tenant, go))
    tenant.wire = Tap(tenant.wire)
    cycle = go(tenant.apply())
    check(opened, cycle.plan)
    shown = [
        json.dumps([request["api"], request["call"], request["parameters"]], sort_keys=True)
        for change in opened.plan["changes"]
        for request in change["requests"]
    ]
    assert len(shown) > 6
    assert Counter(tenant.wire.writes) == Counter(shown)
    assert {request.partition(",")[0] for request in shown} == {'["exchange"', '["graph"'}


def git(folder: Path, *words: str) -> str:
    quiet = ("-c", "user.name=T", "-c", "user.email=t@entreprise.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *quiet, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    specs = folder / "mail" / "specs"
    specs.mkdir(parents=True, exist_ok=True)
    (specs / "box.yaml").write_text(text, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", "edit")
    return git(folder, "rev-parse", "HEAD")


WHOLE = "kind: Tenant\nname: e\ntenantId: 7f1b2c3d-0000-4000-8000-000000000001\ntimeZone: Europe/Paris\n---\n"


def test_the_checkout_decides_which_commit_is_the_merged_one(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, WHOLE + BOX)
    git(tmp_path, "switch", "-q", "-c", "proposal")
    proposed = commit(tmp_path, WHOLE + BOX + "aliases: [a@entreprise.example]\n")
    specs = tmp_path / "mail" / "specs"
    (one,) = load(specs).tenants
    bound = (proposed, one.digest, inside(specs))
    assert bound[2] == "mail/specs"
    check_merged(tmp_path, *bound)

    git(tmp_path, "switch", "-q", "main")
    with pytest.raises(StaleError, match=f"made from commit {proposed[:12]}, and commit"):
        check_merged(tmp_path, *bound)
    git(tmp_path, "merge", "-q", "--squash", "proposal")
    git(tmp_path, "commit", "-q", "-m", "squashed")
    assert git(tmp_path, "rev-parse", "HEAD") != proposed
    check_merged(specs, *bound)

    commit(tmp_path, WHOLE + BOX + "aliases: [b@entreprise.example]\n")
    with pytest.raises(StaleError, match="other specs"):
        check_merged(tmp_path, *bound)
    git(tmp_path, "merge", "-q", "-s", "ours", "proposal")
    check_merged(tmp_path, *bound)  # it contains that very commit


def test_what_was_never_committed_is_held_to_the_specs_alone(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, WHOLE + BOX)
    specs = tmp_path / "mail" / "specs"
    (specs / "box.yaml").write_text(WHOLE + BOX + "aliases: [a@entreprise.example]\n", encoding="utf-8")
    (one,) = load(specs).tenants
    bound = (commit_of(specs) or "", one.digest, inside(specs))
    assert bound[0].endswith("-dirty")
    check_merged(tmp_path, *bound)
    git(tmp_path, "checkout", "-q", "--", ".")
    with pytest.raises(StaleError, match="with uncommitted changes"):
        check_merged(tmp_path, *bound)


def test_outside_git_and_in_a_repository_of_something_else_nothing_is_held_against_it(tmp_path):
    bound = ("f" * 40, "sha256:0", "mail/specs")
    check_merged(tmp_path, *bound)
    git(tmp_path, "init", "-q")
    check_merged(tmp_path, *bound)


def test_what_was_shown_as_held_back_is_not_let_through_later(rig, go):
    tenant = rig(BOX)
    tenant.entry("libre@entreprise.example").dir_synced = True
    opened = open_sealed(saved(tenant, go))
    check(opened, go(tenant.plan()))
    tenant.entry("libre@entreprise.example").dir_synced = False
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))
