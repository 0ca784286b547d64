"""Mail folders and search folders as Outlook serves them."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox import mailbox_store as store
from controller.sandbox.clock import StandingClock

from .conftest import Client, Tenant, Weather

ROOT = "/users/support@contoso.example/mailFolders"
TAG = base64.b64encode(bytes(range(16))).decode()


@pytest.fixture
def client(another: Any) -> Client:
    made: Client = another("Mail.ReadWrite")
    return made


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def make(client: Client, name: str, parent: str = "", **more: Any) -> Any:
    path = f"{ROOT}/{parent}/childFolders" if parent else ROOT
    return client.request("POST", path, json={"displayName": name, **more})


def names(client: Client, path: str = ROOT, **params: Any) -> list[str]:
    return [each["displayName"] for each in client.value(path, **params)]


def test_a_list_shows_mail_folders_below_the_root_only(client: Client) -> None:
    make(client, "Contrats", "inbox")
    assert names(client) == ["Inbox", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Outbox"]
    assert names(client, f"{ROOT}/inbox/childFolders") == ["Contrats"]
    assert client.get(f"{ROOT}/Inbox").json()["childFolderCount"] == 1


@pytest.mark.parametrize(
    ("language", "inbox"), [("fr-FR", "Boîte de réception"), ("de-DE", "Posteingang"), ("it-IT", "Inbox")]
)
def test_default_folders_have_the_mailboxs_language_and_well_known_names_any(
    client: Client, who: Any, language: str, inbox: str
) -> None:
    who("support").stores["language"] = language
    assert client.get(f"{ROOT}/inbox").json()["displayName"] == inbox
    assert client.get(f"{ROOT}('INBOX')").json()["displayName"] == inbox


def test_some_well_known_folders_are_not_there_until_made(client: Client, who: Any) -> None:
    response = client.get(f"{ROOT}/archive")
    assert (response.status_code, code(response)) == (404, "ErrorItemNotFound")
    who("support").stores["folders"] = [{"key": "archive"}]
    assert client.get(f"{ROOT}/archive").json()["displayName"] == "Archive"


def test_ten_come_on_a_page_unless_more_are_asked_for(client: Client) -> None:
    for number in range(20):
        make(client, f"F{number:02}")
    pages = client.pages(ROOT)
    assert [len(page.json()["value"]) for page in pages] == [10, 10, 6]
    assert "%24skip" in pages[0].json()["@odata.nextLink"] or "$skip" in pages[0].json()["@odata.nextLink"]
    assert len(names(client, top=100)) == 26
    assert client.get(ROOT, top=2, count="true").json()["@odata.count"] == 26


def test_filter_select_and_order(client: Client) -> None:
    make(client, "Éclair")
    assert names(client, filter="displayName eq 'éclair'") == ["Éclair"]
    (found,) = client.value(ROOT, filter="startswith(displayName,'Écl')", select="displayName")
    assert set(found) == {"id", "displayName"}
    assert names(client, orderby="displayName desc")[0] == "Éclair"
    assert client.get(ROOT, select="colour").status_code == 400


def test_hidden_folders_come_only_where_asked_for_and_keep_their_names(client: Client) -> None:
    made = make(client, "Geheim", isHidden=True)
    assert (made.status_code, made.json()["isHidden"]) == (201, True)
    assert "Geheim" not in names(client)
    found = client.request("GET", ROOT, params={"includeHiddenFolders": "true"}).json()["value"]
    assert "Geheim" in [each["displayName"] for each in found]
    assert code(make(client, "geheim")) == "ErrorFolderExists"


@pytest.mark.parametrize("status", [409, 400])
def test_a_name_is_taken_among_siblings_whatever_its_case(
    client: Client, tenant: Tenant, status: int
) -> None:
    tenant.world.quirks.duplicate_folder = status
    make(client, "Clients")
    for name in ("CLIENTS", "calendar"):
        response = make(client, name)
        assert (response.status_code, code(response)) == (status, "ErrorFolderExists")
    assert make(client, "Clients", "inbox").status_code == 201


def test_a_folder_is_renamed_moved_and_deleted_with_what_is_below(client: Client) -> None:
    outer = make(client, "Clients").json()["id"]
    inner = make(client, "Contrats", outer).json()
    assert inner["parentFolderId"] == outer
    renamed = client.request("PATCH", f"{ROOT}/{outer}", json={"displayName": "Kunden"})
    assert (renamed.status_code, renamed.json()["displayName"]) == (200, "Kunden")
    moved = client.request("POST", f"{ROOT}/{outer}/move", json={"destinationId": "inbox"})
    assert moved.status_code == 201
    assert moved.json()["parentFolderId"] == client.get(f"{ROOT}/inbox").json()["id"]
    assert client.request("DELETE", f"{ROOT}/{outer}").status_code == 204
    assert client.get(f"{ROOT}/{inner['id']}").status_code == 404


def test_default_folders_stay(client: Client) -> None:
    assert code(client.request("DELETE", f"{ROOT}/inbox")) == "ErrorDeleteDistinguishedFolder"
    for response in (
        client.request("PATCH", f"{ROOT}/inbox", json={"displayName": "Eingang"}),
        client.request("POST", f"{ROOT}/inbox/move", json={"destinationId": "drafts"}),
    ):
        assert code(response) == "ErrorMoveDistinguishedFolder"
    assert names(client)[0] == "Inbox"


def test_ids_are_of_one_mailbox(client: Client, who: Any) -> None:
    own, foreign = store.rest_id(who("support"), "inbox"), store.rest_id(who("sales"), "inbox")
    assert own != foreign
    assert client.get(f"{ROOT}/{own}").status_code == 200
    for identifier, refusal in ((foreign, "ErrorInvalidMailboxItemId"), ("Inbux", "ErrorInvalidIdMalformed")):
        response = client.get(f"{ROOT}/{identifier}")
        assert (response.status_code, code(response)) == (400, refusal)


def test_graph_and_exchange_spell_one_folder_in_two_ways(who: Any) -> None:
    entry = who("support")
    entry.stores["folders"] = [
        {"key": store.made_key(entry, "Clients"), "name": "Clients", "parent": "inbox"}
    ]
    for key in store.folders(entry):
        assert store.key_of(entry, store.rest_id(entry, key)) == key
        assert store.key_of_folder_id(entry, store.folder_id(entry, key)) == key
        assert store.folder_id(entry, key).startswith("LgAAAA")
        assert store.rest_id(entry, key).startswith("AAMk")
    with pytest.raises(store.ForeignIdError):
        store.key_of_folder_id(who("sales"), store.folder_id(entry, "inbox"))


def test_extended_properties_come_only_where_asked_for(client: Client) -> None:
    properties = [{"id": "Binary 0x3019", "value": TAG}, {"id": "Integer 0x301D", "value": "1"}]
    made = make(client, "Contrats", singleValueExtendedProperties=properties)
    assert made.status_code == 201
    assert "singleValueExtendedProperties" not in client.get(f"{ROOT}/{made.json()['id']}").json()
    wanted = (
        "singleValueExtendedProperties($filter=id eq 'Binary 0x3019' or id eq 'integer 0x301d' or id eq "
        "'Integer 0x301A')"
    )
    shown = client.get(f"{ROOT}/{made.json()['id']}", expand=wanted).json()
    assert shown["singleValueExtendedProperties"] == [
        {"id": "Binary 0x3019", "value": TAG},
        {"id": "Integer 0x301d", "value": "1"},
    ]
    listed = {each["displayName"]: each for each in client.value(ROOT, expand=wanted, top=100)}
    assert listed["Contrats"]["singleValueExtendedProperties"][0]["value"] == TAG
    assert "singleValueExtendedProperties" not in listed["Inbox"]


def test_a_default_folder_can_be_stamped_and_unstamped(client: Client) -> None:
    expand = "singleValueExtendedProperties($filter=id eq 'Binary 0x3019')"
    for value, there in ((TAG, True), (None, False)):
        body = {"singleValueExtendedProperties": [{"id": "Binary 0x3019", "value": value}]}
        assert client.request("PATCH", f"{ROOT}/inbox", json=body).status_code == 200
        found = client.get(f"{ROOT}/inbox", expand=expand).json()
        assert ("singleValueExtendedProperties" in found) is there
    assert found["displayName"] == "Inbox"


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        ({"id": "Binary 0x3019", "value": "not base64!"}, "ErrorInvalidExtendedPropertyValue"),
        ({"id": "Integer 0x301D", "value": "many"}, "ErrorInvalidExtendedPropertyValue"),
        ({"id": "0x3019", "value": "x"}, "ErrorInvalidProperty"),
        ({"id": "Integer 0x301D", "value": 1}, "RequestBodyRead"),
        ({"value": "x"}, "RequestBodyRead"),
    ],
)
def test_properties_that_do_not_fit_are_refused(client: Client, item: dict[str, Any], refusal: str) -> None:
    response = make(client, "Neu", singleValueExtendedProperties=[item])
    assert (response.status_code, code(response)) == (400, refusal)
    assert "Neu" not in names(client)


# --- search folders -----------------------------------------------------------------------------------


def search(client: Client, name: str = "Non lus", **more: Any) -> Any:
    inbox = client.get(f"{ROOT}/inbox").json()["id"]
    return make(
        client,
        name,
        "searchfolders",
        **{
            "@odata.type": "microsoft.graph.mailSearchFolder",
            "includeNestedFolders": True,
            "sourceFolderIds": [inbox],
            "filterQuery": "isRead eq false",
            **more,
        },
    )


def test_a_search_folder_comes_back_with_its_type_and_what_it_searches(client: Client) -> None:
    response = search(client)
    assert response.status_code == 201
    body = response.json()
    assert body["@odata.type"] == "#microsoft.graph.mailSearchFolder"
    assert (body["isSupported"], body["includeNestedFolders"]) == (True, True)
    assert body["filterQuery"] == "isRead eq false"
    assert body["sourceFolderIds"] == [client.get(f"{ROOT}/inbox").json()["id"]]
    (listed,) = client.value(f"{ROOT}/searchfolders/childFolders")
    assert listed == {name: value for name, value in body.items() if name != "@odata.context"}
    assert "Non lus" not in names(client, top=100)


def test_a_search_changes_with_200(client: Client) -> None:
    held = search(client).json()["id"]
    body = {"@odata.type": "#microsoft.graph.mailSearchFolder", "filterQuery": "importance eq 'high'"}
    response = client.request("PATCH", f"{ROOT}/{held}", json=body)
    assert (response.status_code, response.json()["filterQuery"]) == (200, "importance eq 'high'")
    assert response.json()["includeNestedFolders"] is True


def test_a_filter_may_come_back_in_another_spelling(client: Client, tenant: Tenant) -> None:
    tenant.world.quirks.rewrite_filters = True
    text = search(client, filterQuery="isRead EQ false  AND  subject eq 'A  OR b'").json()["filterQuery"]
    assert text == "(isRead eq false and subject eq 'A  OR b')"


def test_one_unused_for_45_days_is_gone(another: Any, clock: StandingClock) -> None:
    held = search(another("Mail.ReadWrite")).json()["id"]
    clock.advance(timedelta(days=44))
    client = another("Mail.ReadWrite")
    client.request("PATCH", f"{ROOT}/{held}", json={"displayName": "Ungelesen"})
    assert names(client, f"{ROOT}/searchfolders/childFolders") == ["Ungelesen"]
    clock.advance(timedelta(days=45))
    client = another("Mail.ReadWrite")
    assert names(client, f"{ROOT}/searchfolders/childFolders") == []
    assert client.get(f"{ROOT}/{held}").status_code == 404
    assert search(client, "Ungelesen").status_code == 201


@pytest.mark.parametrize(
    "more", [{"filterQuery": "isRead eq"}, {"sourceFolderIds": ["inbox"]}, {"sourceFolderIds": []}]
)
def test_a_search_that_is_none_is_refused(client: Client, more: dict[str, Any]) -> None:
    assert search(client, **more).status_code == 400
    assert client.value(f"{ROOT}/searchfolders/childFolders") == []


# --- who and when -------------------------------------------------------------------------------------


def test_who_has_no_usable_mailbox_is_told_so(client: Client) -> None:
    response = client.get("/users/carol@contoso.example/mailFolders")
    assert (response.status_code, code(response)) == (404, "MailboxNotEnabledForRESTAPI")
    nobody = client.get("/users/nobody@contoso.example/mailFolders")
    assert (nobody.status_code, code(nobody)) == (404, "ErrorInvalidUser")


def test_a_new_mailbox_opens_late(
    client: Client, tenant: Tenant, weather: Weather, clock: StandingClock
) -> None:
    weather.late = timedelta(seconds=30)
    tenant.add("SharedMailbox", "fresh", created=clock.now())
    path = "/users/fresh@contoso.example/mailFolders"
    assert code(client.get(path)) == "MailboxNotEnabledForRESTAPI"
    clock.advance(timedelta(seconds=30))
    assert client.get(path).status_code == 200


def test_permissions(another: Any) -> None:
    basic, settings = another("Mail.ReadBasic.All"), another("MailboxSettings.ReadWrite")
    assert basic.get(ROOT).status_code == 200
    for response in (make(basic, "X"), settings.get(ROOT)):
        assert (response.status_code, code(response)) == (403, "ErrorAccessDenied")


def test_the_narrower_door_shows_all_kinds_of_folders_and_has_a_permission_of_its_own(another: Any) -> None:
    client = another("MailboxFolder.Read.All")
    settings = client.get("/users/support@contoso.example/settings/exchange").json()
    folders = f"/admin/exchange/mailboxes/{settings['primaryMailboxId']}/folders"
    types = {each["displayName"]: each["type"] for each in client.value(folders, top=100)}
    assert (types["Inbox"], types["Calendar"]) == ("IPF.Note", "IPF.Appointment")
    (inbox,) = client.value(folders, filter="displayName eq 'Inbox'")
    assert client.get(f"{folders}/{inbox['id']}").json()["displayName"] == "Inbox"
    assert client.value(f"{folders}/inbox/childFolders") == []
    assert client.get(f"{folders.replace('MBX:', 'MBX:0')}").status_code == 404
    assert code(another("Mail.ReadWrite").get(folders)) == "ErrorAccessDenied"
    assert code(client.get(ROOT)) == "ErrorAccessDenied"
