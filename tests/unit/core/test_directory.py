from __future__ import annotations

from typing import Any

from controller.directory import Directory, Principal, Unknown, build


def person(guid: str, address: str, **rest: Any) -> dict[str, Any]:
    return {
        "Guid": guid,
        "ExternalDirectoryObjectId": f"oid-{guid}",
        "Name": rest.pop("name", f"oid-{guid}"),
        "DisplayName": rest.pop("display", address.partition("@")[0]),
        "PrimarySmtpAddress": address,
        "EmailAddresses": [f"SMTP:{address}", *rest.pop("more", [])],
        "RecipientTypeDetails": rest.pop("type", "UserMailbox"),
        **rest,
    }


def user(guid: str, upn: str, sid: str = "") -> dict[str, Any]:
    return {"ExternalDirectoryObjectId": f"oid-{guid}", "UserPrincipalName": upn, "Sid": sid}


def people() -> Directory:
    return build(
        [
            person("g1", "alice@a.example", more=["smtp:al@a.example", "SIP:alice@a.example"]),
            person("g2", "bruno@a.example", display="Équipe"),
            person("g3", "team@a.example", type="MailUniversalSecurityGroup", name="Équipe"),
            person("g4", "twin1@a.example", display="Twin"),
            person("g5", "twin2@a.example", display="Twin"),
        ],
        [user("g1", "a.martin@a.example", "S-1-5-21-1-2-3-1001"), user("g9", "nomail@a.example")],
        [{"DomainName": "a.example", "Default": True}, {"DomainName": "a.onmicrosoft.com"}],
    )


def guid(found: Principal | Unknown | None) -> str:
    assert isinstance(found, Principal)
    return found.guid


def test_a_person_answers_to_every_smtp_address_and_the_upn_without_case() -> None:
    directory = people()
    for name in ("alice@a.example", "AL@a.example", "A.Martin@A.example", "smtp:al@a.example"):
        assert [one.guid for one in directory.by_address(name)] == ["g1"]
    assert directory.by_address("sip:alice@a.example") == []


def test_somebody_without_mail_exists_and_cannot_hold_rights() -> None:
    (one,) = people().by_address("nomail@a.example")
    assert not one.can_hold_rights


def test_the_sid_decides_over_a_name_that_was_taken_over() -> None:
    directory = people()
    assert guid(directory.by_trustee("Équipe", "S-1-5-21-1-2-3-1001")) == "g1"
    # A known person whose SID is another one is not the trustee.
    assert directory.by_trustee("alice@a.example", "S-1-5-21-1-2-3-9999") == Unknown("alice@a.example")


def test_a_directory_name_comes_before_a_display_name() -> None:
    assert guid(people().by_trustee("équipe")) == "g3"


def test_names_that_several_have_and_bare_sids_are_told_apart() -> None:
    directory = people()
    twins = directory.by_trustee("Twin")
    assert isinstance(twins, Unknown)
    assert twins.ambiguous
    assert len(twins.among) == 2
    orphan = directory.by_trustee("S-1-5-21-1111111111-2222222222-3333333333-7654321")
    assert isinstance(orphan, Unknown)
    assert orphan.sid
    assert directory.by_trustee("Nobody") == Unknown("Nobody")


def test_people_behind_groups_that_hold_each_other() -> None:
    directory = people()
    directory.add(
        Principal(
            "g6", "oid-g6", "MailUniversalSecurityGroup", "core", "Core", "core@a.example", "", frozenset()
        )
    )
    directory.members = {"g3": ("g1", "g6"), "g6": ("g2", "g3")}
    team = directory.principals["g3"]
    found = directory.people(team)
    assert {ident: [step.guid for step in path] for ident, path in found.items()} == {
        "g1": ["g3"],
        "g2": ["g3", "g6"],
    }


def test_a_copy_is_independent() -> None:
    directory = people()
    other = directory.copy()
    other.remove("g1")
    assert directory.by_address("alice@a.example")
    assert not other.by_address("alice@a.example")
    assert not other.by_id("oid-g1")


def test_accepted_domains() -> None:
    directory = people()
    assert directory.accepts("x@A.example")
    assert not directory.accepts("x@b.example")
    assert directory.belongs_to_service("x@a.onmicrosoft.com")
    assert directory.default_domain == "a.example"
