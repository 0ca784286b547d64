from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.sandbox import company, exchange, files, mailbox_store
from controller.sandbox.build import build
from controller.sandbox.clock import StandingClock
from controller.sandbox.document import FileError
from controller.sandbox.state import Sandbox
from controller.sandbox.weather import FairWeather
from controller.sandbox.world import World

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
HEAD = (  # one line
    "tenant: {id: 7f1b2c3d-0000-4000-8000-000000000001, name: E, "
    "initialDomain: e.onmicrosoft.com, domains: [e.example]}\n"
)


def load(text: str) -> World:
    return build(files.parse(HEAD + text, "t.yaml"), "t.yaml")


def complaints(text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        load(text)
    return caught.value.complaints


def test_objects_come_out_as_the_scenario_says() -> None:
    world = load("""
people:
  a@e.example: {displayName: A, upn: aa@e.example}
  b@e.example: {mailbox: false}
mailboxes:
  m@e.example:
    aliases: [n@e.example]
    access: {a@e.example: [full-access, send-as], g@e.example: [send-on-behalf]}
    entries:
      - {sid: S-1-5-21-1}
      - {trustee: a@e.example, deny: true}
  gone@e.example: {deleted: 2026-11-01T00:00:00Z}
groups:
  g@e.example: {members: [aa@e.example, g@e.example], owners: [a@e.example]}
  all-staff: {type: entra, members: [b@e.example]}
guests: {x@partner.example: {}}
contacts: {y@partner.example: {}}
""")
    person, mailbox, group = (world.find(each)[0] for each in ("a@e.example", "n@e.example", "g@e.example"))
    assert (person.type, person.upn, person.account_enabled) == ("UserMailbox", "aa@e.example", True)
    assert (mailbox.type, mailbox.primary, mailbox.account_enabled) == ("SharedMailbox", "m@e.example", False)
    assert mailbox.smtp_addresses == ["m@e.example", "n@e.example", "m@e.onmicrosoft.com"]
    granted = [(ace.trustee, ace.rights, ace.deny) for ace in mailbox.permissions if not ace.inherited]
    assert granted == [
        ("NT AUTHORITY\\SELF", ["FullAccess", "ReadPermission"], False),
        (person.object_id, ["FullAccess"], False),
        ("S-1-5-21-1", ["FullAccess"], False),
        (person.object_id, ["FullAccess"], True),
    ]
    assert [ace.trustee for ace in mailbox.send_as] == ["NT AUTHORITY\\SELF", person.object_id]
    assert mailbox.send_on_behalf == [group.object_id]
    assert (group.members, group.owners) == ([person.object_id, group.object_id], [person.object_id])
    assert world.find("b@e.example")[0].type == "User"
    assert not world.find("b@e.example")[0].addresses
    assert world.find("x@partner.example")[0].upn == "x_partner.example#EXT#@e.onmicrosoft.com"
    assert world.find("y@partner.example")[0].type == "MailContact"
    assert not world.find("gone@e.example")
    assert world.find("gone@e.example", deleted=True)
    assert world.holder("gone@e.example") is not None


def test_ids_hold_still_while_a_scenario_is_edited() -> None:
    before = load("people: {a@e.example: {}, b@e.example: {}}")
    after = load("people: {b@e.example: {displayName: New}, c@e.example: {}}")
    assert before.find("b@e.example")[0].object_id == after.find("b@e.example")[0].object_id


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("peple: {}", "t.yaml:2:8: peple: unknown field 'peple'"),
        ("people: {a@e.example: {name: A, nam: B}}", "people.a@e.example.nam: unknown field 'nam'"),
        ("people: {a@e.example: {signIn: maybe}}", "t.yaml:2:32: people.a@e.example.signIn: "),
        ("people:\n  a@e.example: {}\n  a@e.example: {}", "t.yaml:4:3: 'a@e.example' stands here twice"),
        ("people: {a@e.example: {}}\nmailboxes: {A@e.example: {}}", "'A@e.example' stands twice"),
        ("people: {a@elsewhere.example: {}}", "'elsewhere.example' is not a domain of the tenant"),
        ("people: {a: {}}", "'a' is not an address"),
        ("groups: {g@e.example: {members: [nobody@e.example]}}", "'nobody@e.example' is nobody in this file"),
        ("mailboxes: {m@e.example: {access: {m@e.example: [read]}}}", "t.yaml:2:50: mailboxes.m@e.example"),
        ("mailboxes: {m@e.example: {entries: [{rights: [FullAccess]}]}}", "one of trustee and sid"),
        ("people: {a@e.example: {aliases: [b@e.example]}, b@e.example: {}}", "'b@e.example' is held by"),
        ("weather: nice", "no weather is called 'nice'"),
        ("people: [", "t.yaml:"),
        ("objects: [{object_id: x, colour: red}]", "objects.x: unknown field 'colour'"),
        ("objects: [{object_id: x}]", "objects.x.guid: "),
        ("random: AAAA", "random: not the state of a saved tenant"),
    ],
)
def test_a_wrong_file_is_told_where_and_why(text: str, wanted: str) -> None:
    assert any(wanted in each and each.startswith("t.yaml") for each in complaints(text)), complaints(text)


def test_all_complaints_come_at_once() -> None:
    assert len(complaints("people: {a@e.example: {x: 1}, b@e.example: {y: 2}}")) == 2


def test_words_stay_words() -> None:
    scenario = files.parse(HEAD + "people: {a@e.example: {graph: {usageLocation: NO, at: 18:00}}}", "t.yaml")
    assert scenario.people["a@e.example"].graph == {"usageLocation": "NO", "at": "18:00"}


def tenant() -> Sandbox:
    scenario = files.parse(files.shipped("entreprise"), "entreprise.yaml")
    return files.open_sandbox(scenario, clock=StandingClock(START))


def test_a_tenant_that_was_worked_on_saves_loads_and_saves_as_the_same_bytes() -> None:
    sandbox = tenant()
    admin = "admin@entreprise.example"
    given = {"Shared": True, "Name": "Neu", "DisplayName": "Néu", "Alias": "neu"}
    exchange.run(sandbox, "New-Mailbox", given, actor=admin)
    grant = {"Identity": "neu@entreprise.example", "User": admin, "AccessRights": ["FullAccess"]}
    exchange.run(sandbox, "Add-MailboxPermission", grant, actor=admin)
    exchange.run(sandbox, "Remove-Mailbox", {"Identity": "factures@entreprise.example"}, actor=admin)
    saved = files.save(sandbox)
    again = files.open_sandbox(files.parse(saved, "saved"), "saved", StandingClock(START))
    assert files.save(again) == saved
    assert [record.operation for record in again.world.audit] == [
        "New-Mailbox",
        "Add-MailboxPermission",
        "Remove-Mailbox",
    ]
    assert again.world.entries.keys() == sandbox.world.entries.keys()
    assert again.world.new_id() == sandbox.world.new_id()
    assert again.world.find("factures@entreprise.example", deleted=True)


def test_everything_a_world_holds_is_saved() -> None:
    """A new attribute of World must be thought of in `snapshot`, too."""
    saved = {
        "tenant_id",
        "name",
        "initial_domain",
        "domains",
        "default_domain",
        "organization",
        "skus",
        "quirks",
    }
    saved |= {"seed", "random", "apps", "entries", "audit", "environments"}
    assert set(vars(World("t", "n", "d"))) - {"_index"} == saved


def test_a_running_tenant_is_replaced_in_place() -> None:
    sandbox = tenant()
    saved = files.save(sandbox)
    sandbox.world.purge(sandbox.world.find("contact@entreprise.example")[0])
    sandbox.clock.advance(timedelta(days=3))
    files.replace(sandbox, files.parse(saved, "saved"), "saved", sandbox.clock.now)
    assert sandbox.world.find("contact@entreprise.example")
    assert sandbox.clock.now() == START


def test_the_shipped_company_is_half_wrong_as_the_demo_needs_it() -> None:
    world = tenant().world
    contact = world.find("contact@entreprise.example")[0]
    assert any(ace.trustee.startswith("S-1-5-21") for ace in contact.permissions)
    assert "vieux-contact@entreprise.example" in contact.smtp_addresses
    assert world.find("factures@entreprise.example")
    assert not world.find("facturation@entreprise.example")
    assert not world.find("support@entreprise.example")
    team = world.find("equipe-support@entreprise.example")[0]
    assert team.type == "MailUniversalSecurityGroup"
    assert len(team.members) == 7


def test_a_made_up_company_repeats_with_its_seed() -> None:
    assert company.make(60, 5) == company.make(60, 5)
    assert company.make(60, 5) != company.make(60, 6)
    world = build(company.make(60, 5))
    shared = [entry for entry in world.entries.values() if entry.type == "SharedMailbox"]
    assert len(shared) == 60
    for entry in shared:
        people = {a.trustee for a in entry.permissions if world.entries.get(a.trustee, entry) is not entry}
        assert 3 <= len(people) <= 9


def test_no_two_objects_share_a_sid() -> None:
    world = load("people: {p12569@e.example: {}, p21316@e.example: {}}")  # drawn alike
    assert len({entry.sid for entry in world.entries.values()}) == 2


def test_a_clock_may_start_off_the_wall_clock() -> None:
    scenario = files.parse(HEAD + "clock: +2d", "t.yaml")
    sandbox = files.open_sandbox(scenario)
    off = sandbox.clock.now() - files.wall_clock()
    assert timedelta(days=2) - off < timedelta(minutes=1)
    assert "clock: +172800s" in files.save(sandbox)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere\.yaml"):
        files.read(tmp_path / "nowhere.yaml")


def test_what_people_made_of_a_mailbox_can_be_written_down() -> None:
    world = load("""
mailboxes:
  m@e.example:
    language: fr-fr
    timeZone: Romance Standard Time
    categories: {À traiter: dark-red, Perso: none}
    folders:
      Clients/Contrats: {items: 3, unread: 1, properties: {Binary 0x3019: AAAA}}
      inbox/Bruit: {hidden: true}
      Archives\\/2024:
    searchFolders: {Non lus: {in: [inbox, Clients], filter: isRead eq false}}
    rules:
      - {name: Devis, conditions: {fromAddresses: [x@y.example]}, actions: {moveToFolder: Clients/Contrats}}
      - {name: Perdue, sequence: 7, actions: {copyToFolder: "!Ancien"}}
      - {name: Junk E-mail Rule, hidden: true}
    automaticReplies: {internal: Bonjour, external: Bonjour}
""")
    entry = world.find("m@e.example")[0]
    found = mailbox_store.folders(entry)
    assert found["inbox"].name == "Boîte de réception"
    contracts = mailbox_store.by_path(found, ["Clients", "Contrats"])
    assert contracts is not None
    assert (contracts.items, contracts.unread, contracts.properties) == (3, 1, {"Binary 0x3019": "AAAA"})
    assert mailbox_store.by_path(found, ["boîte de réception", "bruit"]) is not None
    assert mailbox_store.by_path(found, ["Archives/2024"]) is not None
    assert [each["color"] for each in mailbox_store.categories(entry)] == ["preset15", "none"]
    first, lost = mailbox_store.rules(entry)
    assert first["actions"] == {"moveToFolder": contracts.key}
    assert first["conditions"]["fromAddresses"][0]["emailAddress"]["address"] == "x@y.example"
    assert [mailbox_store.in_error(entry, rule) for rule in (first, lost)] == [False, True]
    assert len(mailbox_store.rules(entry, hidden=True)) == 3
    assert entry.stores["regional"]["date_format"] == "dd/MM/yyyy"
    assert entry.stores["automatic_replies"]["state"] == "Enabled"


def test_a_mailbox_with_what_cannot_be_is_complained_of() -> None:
    found = complaints("""
mailboxes:
  m@e.example:
    language: fr
    categories: {X: mauve}
    rules: [{name: r, actions: {moveToFolder: Nulle part}}]
""")
    assert len(found) == 3
    assert all("m@e.example" in each for each in found)


def test_switches_are_read_and_saved() -> None:
    text = HEAD.replace("name: E", "name: E, quirks: {duplicateFolder: 400, denseSequences: true}")
    world = build(files.parse(text, "t.yaml"), "t.yaml")
    assert (world.quirks.duplicate_folder, world.quirks.dense_sequences) == (400, True)
    sandbox = Sandbox(world=world, clock=StandingClock(START), weather=FairWeather())
    again = build(files.parse(files.save(sandbox), "saved"), "saved")
    assert again.quirks == world.quirks


def test_mailboxes_of_a_made_up_company_are_lived_in() -> None:
    world = build(company.make(80, 5))
    shared = [entry for entry in world.entries.values() if entry.type == "SharedMailbox"]
    assert {entry.stores.get("language") for entry in shared} >= {"fr-FR", "de-DE", "en-GB"}
    assert any(mailbox_store.read_only(rule) for entry in shared for rule in mailbox_store.rules(entry))
    assert sum(bool(mailbox_store.rules(entry)) for entry in shared) > 30
    again = company.make(81, 5).mailboxes
    same = [again[a] == part for a, part in company.make(80, 5).mailboxes.items() if a in again]
    assert sum(same) > 70


@pytest.mark.parametrize("text", ["015021945458", "019", "0x1f", "1_000", "1e5", "no", "true", "12:30"])
def test_a_text_that_looks_like_something_else_is_saved_as_a_text(text: str) -> None:
    world = load("mailboxes: {m@e.example: {}}")
    world.find("m@e.example")[0].stores["folders"] = [{"key": "archive", "name": text}]
    sandbox = Sandbox(world=world, clock=StandingClock(START), weather=FairWeather())
    again = build(files.parse(files.save(sandbox), "saved"), "saved")
    assert again.find("m@e.example")[0].stores["folders"][0]["name"] == text


MAIL = """
mailboxes:
  contact@e.example:
    folders: {Clients/Contrats: {}}
    mail:
      - {from: ann@client.example, received: -2d, subject: no, headers: {Precedence: bulk}}
      - {from: contact@e.example, sender: x@e.example, received: 2026-01-05T08:00:00+01:00,
         folder: Clients/Contrats, read: true, messageId: <a@b>}
"""


def test_mail_is_as_old_as_the_clock_makes_it() -> None:
    world = build(files.parse(HEAD + MAIL, "t.yaml"), "t.yaml", datetime(2026, 12, 1, 9, tzinfo=UTC))
    first, second = world.holder("contact@e.example").stores["mail"]  # type: ignore[union-attr]
    assert first == {
        "from": "ann@client.example",
        "received": "2026-11-29T09:00:00Z",
        "subject": "no",
        "headers": {"Precedence": "bulk"},
    }
    assert (second["received"], second["sender"]) == ("2026-01-05T07:00:00Z", "x@e.example")
    assert (second["folder"], second["message_id"]) == ("Clients/Contrats", "<a@b>")


def test_mail_is_checked_wherever_it_is_written() -> None:
    with pytest.raises(FileError, match="mail"):
        build(files.parse(HEAD + MAIL.replace("subject: no", "colour: red"), "t.yaml"))
    stored = MAIL.replace("    mail:", "    stores:\n      mail:").replace("      - {", "        - {")
    world = build(files.parse(HEAD + stored, "t.yaml"), "t.yaml", datetime(2026, 12, 1, tzinfo=UTC))
    mail = world.holder("contact@e.example").stores["mail"]  # type: ignore[union-attr]
    assert [each["received"][:10] for each in mail] == ["2026-11-29", "2026-01-05"]
    with pytest.raises(FileError, match=r"stores\.mail"):
        build(files.parse(HEAD + stored.replace("subject: no", "colour: red"), "t.yaml"))
    with pytest.raises(FileError, match="needs a clock"):
        build(files.parse(HEAD + MAIL, "t.yaml"))


def test_the_shipped_tenant_has_traffic_to_report_on() -> None:
    sandbox = files.open_sandbox(files.parse(files.shipped("entreprise"), "entreprise.yaml"))
    mail = sandbox.world.holder("contact@entreprise.example").stores["mail"]  # type: ignore[union-attr]
    assert len(mail) >= 12
    now = sandbox.clock.now()
    ages = [now - datetime.fromisoformat(each["received"]) for each in mail]
    assert timedelta() < min(ages) < max(ages) < timedelta(days=30)
