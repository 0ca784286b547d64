from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from controller.clients import codes
from controller.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ReadOnlyError,
    ServiceError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)
from controller.model import Request
from tests.unit.clients.fake import APP_ANCHOR, EXCHANGE, TENANT, Asked, Tenant, rows, shape_a

INVOKE = f"{EXCHANGE}/adminapi/beta/{TENANT}/InvokeCommand"
NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"


def send(tenant: Tenant, call: str, **parameters: Any) -> Any:
    return tenant.run(lambda c: c.writer().send(Request("exchange", call, parameters)))


# --- what is sent -----------------------------------------------------------------------------------


def test_a_read_is_posted_in_the_envelope_the_service_expects() -> None:
    tenant = Tenant(lambda asked: rows({"Name": "x"}))
    assert tenant.read("Get-AcceptedDomain", select=("Name", "Default")) == [{"Name": "x"}]
    (request,) = tenant.requests
    assert request.method == "POST"
    assert str(request.url) == f"{INVOKE}?$select=Name,Default"
    assert json.loads(request.content) == {
        "CmdletInput": {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}
    }
    headers = request.headers
    assert headers["authorization"] == "Bearer t1"
    assert headers["x-anchormailbox"] == APP_ANCHOR
    assert headers["x-cmdletname"] == "Get-AcceptedDomain"
    assert headers["prefer"] == "odata.maxpagesize=1000"
    assert headers["accept-encoding"] == "gzip"
    assert headers["accept-language"] == "en-US"
    assert headers["user-agent"].startswith("mailbox-controller/")
    assert headers["client-request-id"] != headers["connection-id"]
    assert "parameter-based-routing" not in headers


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "anchor", "sent", "derived"),
    [
        ("Get-InboxRule", {"Mailbox": "Support@x.example"}, None, "SMTP:support@x.example", True),
        ("Get-MailboxFolderPermission", {"Identity": "a@x.example:\\Cal"}, None, "SMTP:a@x.example", True),
        ("Get-MailboxPermission", {"Identity": "a@x.example"}, None, APP_ANCHOR, False),
        ("Get-InboxRule", {"Mailbox": "x"}, "9a7d7c52-3a63-4a0e-9c0e-6d2a1f0b4c33",
         f"MBX:9a7d7c52-3a63-4a0e-9c0e-6d2a1f0b4c33@{TENANT}", False),
        ("Get-InboxRule", {"Mailbox": "x"}, "UPN:a@x.example", "UPN:a@x.example", False),
    ],
)  # fmt: skip
def test_requests_are_routed_to_the_mailbox_for_what_it_keeps_itself(
    cmdlet: str, parameters: dict[str, Any], anchor: str | None, sent: str, derived: bool
) -> None:
    tenant = Tenant(lambda asked: rows())
    tenant.read(cmdlet, parameters, anchor=anchor)
    headers = tenant.requests[0].headers
    assert headers["x-anchormailbox"] == sent
    assert ("parameter-based-routing" in headers) is derived


@pytest.mark.parametrize(
    "cmdlet", ["Set-Mailbox", "Remove-Mailbox", "New-Mailbox", "Test-Thing", "Search-Mailbox"]
)
def test_a_reader_sends_nothing_that_could_write(cmdlet: str) -> None:
    tenant = Tenant(lambda asked: rows())
    with pytest.raises(ReadOnlyError):
        tenant.read(cmdlet, {"Identity": "x"})
    assert tenant.requests == []


def test_the_audit_log_can_be_searched_by_a_reader() -> None:
    assert Tenant(lambda asked: rows({"A": 1})).read("Search-UnifiedAuditLog", {"StartDate": "x"}) == [
        {"A": 1}
    ]


@pytest.mark.parametrize(
    "parameters", [{"Identity": None}, {"identity": " "}, {"Mailbox": ""}, {"Trustee": ""}]
)
def test_a_blank_identity_never_leaves(parameters: dict[str, Any]) -> None:
    tenant = Tenant(lambda asked: rows({"a": 1}, {"a": 2}))
    with pytest.raises(InvalidError, match="blank"):
        tenant.read("Get-Mailbox", parameters)
    assert tenant.requests == []


# --- what is accepted -------------------------------------------------------------------------------


def test_type_hints_are_stripped_and_odd_values_survive() -> None:
    row = {
        "Priority@data.type": "System.Int32", "Priority": 0, "Conditions@odata.type": "#Collection(String)",
        "Conditions": ["a"], "Flag": None, "RuleIdentity": 15394007230974001000,
        "Nested": {"@odata.type": "#Exchange.GenericHashTable", "Key": "v"},
    }  # fmt: skip
    (got,) = Tenant(lambda asked: rows(row)).read("Get-InboxRule")
    assert got == {
        "Priority": 0, "Conditions": ["a"], "Flag": None, "RuleIdentity": 15394007230974001000,
        "Nested": {"Key": "v"},
    }  # fmt: skip


def test_a_collection_of_one_is_a_collection_and_ids_have_one_spelling() -> None:
    row = {
        "GrantSendOnBehalfTo@odata.type": "#Collection(String)", "GrantSendOnBehalfTo": "Alice Martin",
        "ModeratedBy@odata.type": "#Collection(String)", "ModeratedBy": "", "Name": "Alice Martin",
        "Guid@data.type": "System.Guid", "Guid": "0C7C7B0E-52D5-4A2B-8A39-7A4A6C7B9F01",
    }  # fmt: skip
    (got,) = Tenant(lambda asked: rows(row)).read("Get-Mailbox")
    assert got == {
        "GrantSendOnBehalfTo": ["Alice Martin"], "ModeratedBy": [], "Name": "Alice Martin",
        "Guid": "0c7c7b0e-52d5-4a2b-8a39-7a4a6c7b9f01",
    }  # fmt: skip


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(204),
        httpx.Response(200),
        httpx.Response(200, json={"value": None, "@adminapi.warnings": ["careful"]}),
        httpx.Response(200, json={"value": []}),
        httpx.Response(200, content=b"null"),
    ],
)
def test_a_write_may_answer_nothing(response: httpx.Response) -> None:
    tenant = Tenant(lambda asked: httpx.Response(response.status_code, content=response.content))
    receipt = send(tenant, "Set-Mailbox", Identity="a@x.example")
    assert receipt.rows == []
    assert receipt.request_ids


def test_warnings_and_request_ids_reach_the_receipt() -> None:
    tenant = Tenant(lambda asked: rows({"Guid": "g"}, **{"@adminapi.warnings": ["no change"]}))
    receipt = send(tenant, "Add-MailboxPermission", Identity="a@x.example")
    assert (receipt.rows, receipt.warnings, receipt.request_ids) == (
        [{"Guid": "g"}],
        ("no change",),
        ("rid-ok",),
    )


def test_an_empty_answer_to_a_question_is_no_answer() -> None:
    tenant = Tenant(lambda asked: httpx.Response(200))
    with pytest.raises(TransientError):
        tenant.read("Get-Mailbox")


def test_a_cut_body_is_asked_for_again() -> None:
    answers = iter([httpx.Response(200, content=b'{"value": [{"Na'), rows({"Name": "x"})])
    assert Tenant(lambda asked: next(answers)).read("Get-AcceptedDomain") == [{"Name": "x"}]


# --- pages ------------------------------------------------------------------------------------------


def paged(asked: Asked) -> httpx.Response:
    number = int(httpx.URL(asked.url).params.get("$skiptoken", "0"))
    more = {"@odata.nextLink": f"{EXCHANGE}:446/adminapi/beta/{TENANT}/InvokeCommand?$skiptoken={number + 1}"}
    return rows({"N": number}, **(more if number < 2 else {}))


def test_all_pages_are_read_by_posting_the_same_again_and_port_446_is_443() -> None:
    tenant = Tenant(paged)
    assert tenant.read("Get-Mailbox", {"ResultSize": "Unlimited"}) == [{"N": 0}, {"N": 1}, {"N": 2}]
    first, *others = tenant.requests
    for request in others:
        assert request.method == "POST"
        assert request.content == first.content
        assert request.headers["x-anchormailbox"] == first.headers["x-anchormailbox"]
        assert request.url.host == "outlook.office365.com"
        assert request.url.port is None


def test_a_page_link_to_another_host_is_not_followed() -> None:
    link = {"@odata.nextLink": "https://outlook.office365.com.evil.example/adminapi"}
    tenant = Tenant(lambda asked: rows({"N": 1}, **link))
    with pytest.raises(TransientError, match=r"evil\.example"):
        tenant.read("Get-Mailbox")
    assert len(tenant.requests) == 1


def test_an_expired_page_starts_the_listing_over() -> None:
    expired = iter([True])

    def answer(asked: Asked) -> httpx.Response:
        if "skiptoken" in asked.url and next(expired, False):
            return shape_a(
                "System.Exception", "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
            )
        return paged(asked)

    tenant = Tenant(answer)
    assert tenant.read("Get-Mailbox") == [{"N": 0}, {"N": 1}, {"N": 2}]
    assert sum("skiptoken" not in str(r.url) for r in tenant.requests) == 2


def test_a_listing_that_always_expires_is_an_error() -> None:
    def answer(asked: Asked) -> httpx.Response:
        if "skiptoken" in asked.url:
            return shape_a("X", "Expired or Invalid pagination request.")
        return paged(asked)

    with pytest.raises(TransientError) as caught:
        Tenant(answer).read("Get-Mailbox")
    assert caught.value.code == codes.PAGE_EXPIRED


CUT = "There are more results available than are currently displayed. To view them, increase the value."


def test_a_cut_listing_is_an_error() -> None:
    tenant = Tenant(lambda asked: rows({"N": 1}, **{"@adminapi.warnings": [CUT]}))
    with pytest.raises(InvalidError, match="Unlimited"):
        tenant.read("Get-Mailbox")
    assert tenant.read("Get-Mailbox", {"ResultSize": 1}) == [{"N": 1}]  # all that was asked for


def test_a_link_that_leads_nowhere_new_ends() -> None:
    tenant = Tenant(lambda asked: rows({"N": 1}, **{"@odata.nextLink": INVOKE + "?$skiptoken=1"}))
    with pytest.raises(InvalidError, match="twice"):
        tenant.read("Get-Mailbox")


# --- redirects --------------------------------------------------------------------------------------


def test_a_regional_host_gets_the_same_post_with_its_token() -> None:
    def answer(asked: Asked) -> httpx.Response:
        if asked.request.url.host == "outlook.office365.com":
            regional = f"https://eurprd01.outlook.office365.com:446{asked.request.url.path}"
            return httpx.Response(302, headers={"location": regional})
        return rows({"N": 1})

    tenant = Tenant(answer)
    assert tenant.read("Get-Mailbox") == [{"N": 1}]
    first, second = tenant.requests
    assert (second.method, second.content) == ("POST", first.content)
    assert second.headers["authorization"] == "Bearer t1"
    assert second.url.port is None


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/x", "http://outlook.office365.com/x", "https://outlook.office365.com:8443/x"],
)
def test_no_token_follows_a_redirect_elsewhere(location: str) -> None:
    tenant = Tenant(lambda asked: httpx.Response(302, headers={"location": location}))
    with pytest.raises(TransientError, match="not a host of this service"):
        tenant.read("Get-Mailbox")
    assert len(tenant.requests) == 1


def test_a_configured_address_trusts_only_itself() -> None:
    tenant = Tenant(
        lambda asked: httpx.Response(302, headers={"location": "https://127.0.0.1:9999/x"}),
        settings={"MBX_EXCHANGE_URL": "https://127.0.0.1:8443"},
    )
    with pytest.raises(TransientError, match="not a host of this service"):
        tenant.read("Get-Mailbox")
    assert len(tenant.requests) == 1


# --- the answer must be about what was asked --------------------------------------------------------


MAILBOX = {
    "Guid": "0c7c7b0e-52d5-4a2b-8a39-7a4a6c7b9f01",
    "ExternalDirectoryObjectId": "5b1d2f0e-6c55-4f0b-9a0e-2f6f3c1f7a10",
    "PrimarySmtpAddress": "support@x.example",
    "EmailAddresses": ["SMTP:support@x.example", "smtp:help@x.example"],
}


@pytest.mark.parametrize(
    "identity", ["SUPPORT@x.example", "help@x.example", MAILBOX["Guid"], MAILBOX["ExternalDirectoryObjectId"]]
)
def test_the_object_asked_for_is_recognised_by_any_of_its_names(identity: str) -> None:
    assert Tenant(lambda asked: rows(MAILBOX)).read("Get-Mailbox", {"Identity": identity}) == [MAILBOX]


@pytest.mark.parametrize("identity", ["other@x.example", "aaaaaaaa-52d5-4a2b-8a39-7a4a6c7b9f01"])
def test_another_object_is_refused(identity: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Tenant(lambda asked: rows(MAILBOX)).read("Get-Mailbox", {"Identity": identity})
    assert caught.value.code == codes.IDENTITY_MISMATCH


def test_everybody_instead_of_one_is_refused() -> None:
    with pytest.raises(ConflictError):
        Tenant(lambda asked: rows(MAILBOX, {"Guid": "x"})).read(
            "Get-Mailbox", {"Identity": "support@x.example"}
        )
    two = rows({"Identity": "a", "User": "u"}, {"Identity": "b", "User": "u"})
    with pytest.raises(InvalidError):
        Tenant(lambda asked: two).read("Get-MailboxPermission", {"Identity": "support@x.example"})
    folders = rows({"Identity": "g:\\Calendar", "User": "a"}, {"Identity": "g:\\Calendar", "User": "b"})
    asked = {"Identity": "s@x.example:\\Calendar"}
    assert len(Tenant(lambda asked: folders).read("Get-MailboxFolderPermission", asked)) == 2


def test_a_selection_is_widened_by_what_tells_the_object() -> None:
    tenant = Tenant(lambda asked: rows(MAILBOX))
    tenant.read("Get-Mailbox", {"Identity": "help@x.example"}, select=("DisplayName",))
    assert "EmailAddresses" in tenant.requests[0].url.params["$select"]


# --- refusals ---------------------------------------------------------------------------------------


CATALOGUE = [
    (NOT_FOUND, "couldn't be found on 'DC01'", 404, NotFoundError, codes.OBJECT_NOT_FOUND),
    (NOT_FOUND, "couldn't be found on 'DC01'", 400, NotFoundError, codes.OBJECT_NOT_FOUND),
    ("a.b.ADObjectNotFoundException", "gone", 404, NotFoundError, "ADObjectNotFoundException"),
    ("", "The operation matches multiple entries", 500, ConflictError, codes.AMBIGUOUS),
    ("a.ADObjectAlreadyExistsException", "exists", 400, ConflictError, codes.OBJECT_EXISTS),
    ("a.ProxyAddressExistsException", "SMTP:x@y is already being used by the proxy addresses of z", 400,
     ConflictError, codes.ADDRESS_IN_USE),
    ("a.RecipientTaskException", "ExternalDirectoryObjectId was not returned", 500, ConflictError,
     codes.SOFT_DELETED_HOLDER),
    ("a.RecipientTaskException", "domain is not accepted", 400, InvalidError, "RecipientTaskException"),
    ("a.MemberAlreadyExistsException", "x", 400, ConflictError, codes.MEMBER_EXISTS),
    ("a.RecipientTaskException", "x is already a member of the group y", 400, ConflictError,
     codes.MEMBER_EXISTS),
    ("a.MemberNotFoundException", "x", 400, NotFoundError, codes.MEMBER_ABSENT),
    ("a.UserAlreadyExistsInPermissionEntryException", "x", 400, ConflictError, codes.FOLDER_ENTRY_EXISTS),
    ("", "There is no existing permission entry found for user: X", 400, NotFoundError,
     codes.FOLDER_ENTRY_ABSENT),
    ("System.InvalidOperationException", "limit of maximum allowed access control entries of 500", 400,
     InvalidError, codes.ACL_FULL),
    ("a.X", "object is being synchronized from your on-premises organization", 400, InvalidError,
     codes.DIRECTORY_SYNCED),
    ("a.X", "This operation can only be performed by a manager of the group.", 400, DeniedError,
     codes.NOT_GROUP_MANAGER),
    ("Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException",
     "Cannot process argument transformation on parameter 'X'.", 400, InvalidError,
     "ParameterTransformationException"),
    ("a.AmbiguousParameterSetException", "Parameter set cannot be resolved", 400, DeniedError,
     "AmbiguousParameterSetException"),
    ("System.Management.Automation.CommandNotFoundException", "not recognized", 403, DeniedError,
     "CommandNotFoundException"),
    ("a.DataValidationException", "bad", 400, InvalidError, "DataValidationException"),
    ("a.NobodyKnowsException", "strange", 400, InvalidError, "NobodyKnowsException"),
]  # fmt: skip


@pytest.mark.parametrize(("type_name", "text", "status", "kind", "code"), CATALOGUE)
def test_the_catalogue(type_name: str, text: str, status: int, kind: type[ServiceError], code: str) -> None:
    def as_b(asked: Asked) -> httpx.Response:
        detail = json.dumps({"Message": text, "TypeName": type_name, "StackTrace": None})
        error = {"code": "BadRequest", "message": "Invalid Operation", "details": [{"message": detail}]}
        return httpx.Response(status, json={"error": error}, headers={"request-id": "rid-a"})

    def as_details_only(asked: Asked) -> httpx.Response:
        error = {"message": "Error executing cmdlet", "details": [{"message": f"|{type_name}|{text}"}]}
        return httpx.Response(status, json={"error": error}, headers={"request-id": "rid-a"})

    for answer in (lambda asked: shape_a(type_name, text, status=status), as_b, as_details_only):
        tenant = Tenant(answer)
        with pytest.raises(kind) as caught:
            tenant.read("Get-Mailbox", {"Identity": "ghost@x.example"})
        error = caught.value
        assert type(error) is kind
        assert (error.code, error.request_id, error.target) == (code, "rid-a", "ghost@x.example")
        assert text in error.message
        assert len(tenant.requests) == 1


def test_a_403_of_nul_bytes_tells_its_reason_and_what_to_grant() -> None:
    tenant = Tenant(
        lambda asked: httpx.Response(
            403,
            content=b"\x00" * 4000,
            headers={"x-ms-diagnostics": '2000003;reason="no role"', "request-id": "r"},
        )
    )
    with pytest.raises(DeniedError, match="no role") as caught:
        tenant.read("Get-Mailbox")
    assert "\x00" not in str(caught.value)
    assert "Exchange Recipient Administrator" in caught.value.advice


def test_a_404_without_a_reason_is_not_absence() -> None:
    tenant = Tenant(lambda asked: httpx.Response(404, content=b"<html>gateway</html>"))
    with pytest.raises(TransientError):
        tenant.read("Get-Mailbox", {"Identity": "x"})
    assert len(tenant.requests) == 3


def test_an_error_inside_a_200_is_an_error() -> None:
    tenant = Tenant(
        lambda asked: httpx.Response(200, json={"@adminapi.errors": ["Something went wrong"], "value": []})
    )
    with pytest.raises(ServiceError, match="went wrong"):
        tenant.read("Get-Mailbox")


def test_a_question_back_means_that_nothing_was_done() -> None:
    tenant = Tenant(lambda asked: rows(**{"@adminapi.confirmationmessage": "Are you sure?"}))
    with pytest.raises(InvalidError, match="Are you sure") as caught:
        send(tenant, "Remove-Mailbox", Identity="x@x.example")
    assert caught.value.code == codes.CONFIRMATION


def test_secrets_in_a_message_are_hidden() -> None:
    tenant = Tenant(lambda asked: shape_a("a.X", "Authorization: Bearer abc.def-123456 refused"))
    with pytest.raises(InvalidError) as caught:
        tenant.read("Get-Mailbox")
    assert "abc.def" not in str(caught.value)


# --- trying again -----------------------------------------------------------------------------------


def test_throttling_waits_as_told_and_then_answers() -> None:
    answers = iter([
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(429, headers={"retry-after": "2.128"}),
        httpx.Response(429, headers={"retry-after": "Sun, 01 Feb 2026 00:00:30 GMT"}),
        rows({"N": 1}),
    ])  # fmt: skip
    tenant = Tenant(lambda asked: next(answers))
    assert tenant.read("Get-Mailbox") == [{"N": 1}]
    assert tenant.slept == [7.0, 2.128, 30.0]


def test_the_throttling_sentence_in_plain_text_is_throttling() -> None:
    text = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    answers = iter([httpx.Response(429, content=text), httpx.Response(400, content=text), rows({"N": 1})])
    assert Tenant(lambda asked: next(answers)).read("Get-Mailbox") == [{"N": 1}]


def test_endless_throttling_ends_as_such() -> None:
    tenant = Tenant(lambda asked: httpx.Response(429, headers={"retry-after": "5", "request-id": "r9"}))
    with pytest.raises(ThrottledError) as caught:
        tenant.read("Get-Mailbox")
    assert caught.value.request_id == "r9"
    assert len(tenant.requests) == 21


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(503), httpx.Response(504), httpx.Response(502), httpx.Response(408),
        shape_a("Microsoft.Exchange.Data.Storage.StorageTransientException", "x"),
        shape_a("a.ServerBusyException", "x"),
        shape_a("a.CmdletProxyNotAvailableException", "x"),
        httpx.ReadTimeout("slow"), httpx.ConnectError("refused"), httpx.RemoteProtocolError("cut"),
    ],
)  # fmt: skip
def test_a_read_outlives_what_passes(fault: httpx.Response | Exception) -> None:
    left = [fault, fault, fault]

    def answer(asked: Asked) -> httpx.Response:
        if not left:
            return rows({"N": 1})
        one = left.pop()
        if isinstance(one, Exception):
            raise one
        return httpx.Response(one.status_code, content=one.content)

    tenant = Tenant(answer)
    assert tenant.read("Get-Mailbox") == [{"N": 1}]
    assert len(tenant.requests) == 4
    assert len(tenant.slept) == 3
    idents = {r.headers["client-request-id"] for r in tenant.requests}
    assert len(idents) == 4
    assert len({r.headers["connection-id"] for r in tenant.requests}) == 1


def test_a_service_that_is_down_is_given_up() -> None:
    tenant = Tenant(lambda asked: httpx.Response(503))
    with pytest.raises(TransientError):
        tenant.read("Get-Mailbox")
    assert len(tenant.requests) == 6


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.WriteError("x"), httpx.Response(504),
     httpx.Response(502), httpx.Response(200, content=b"<html>")],
)  # fmt: skip
@pytest.mark.parametrize("cmdlet", ["New-Mailbox", "Set-Mailbox", "Add-MailboxPermission"])
def test_a_write_whose_answer_is_lost_is_sent_once(fault: Any, cmdlet: str) -> None:
    def answer(asked: Asked) -> httpx.Response:
        if isinstance(fault, Exception):
            raise fault
        return httpx.Response(fault.status_code, content=fault.content)

    tenant = Tenant(answer)
    with pytest.raises(UnknownOutcomeError, match="look before"):
        send(tenant, cmdlet, Identity="a@x.example")
    assert len(tenant.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectError("refused"), httpx.Response(429), httpx.Response(503, headers={"retry-after": "1"}),
     shape_a("a.ServerBusyException", "x")],
)  # fmt: skip
def test_a_write_that_was_turned_away_is_sent_again(fault: Any) -> None:
    left = [fault]

    def answer(asked: Asked) -> httpx.Response:
        one = left.pop() if left else rows({"Guid": "g"})
        if isinstance(one, Exception):
            raise one
        return httpx.Response(one.status_code, content=one.content, headers=one.headers)

    tenant = Tenant(answer)
    assert send(tenant, "New-Mailbox", Name="a").rows == [{"Guid": "g"}]
    assert len(tenant.requests) == 2


def test_a_transient_failure_repeats_a_setting_but_not_a_creation() -> None:
    fault = shape_a("a.ADTransientException", "x")
    answers = iter([fault, rows()])
    assert send(Tenant(lambda asked: next(answers)), "Set-Mailbox", Identity="a").rows == []
    tenant = Tenant(lambda asked: fault)
    with pytest.raises(UnknownOutcomeError):
        send(tenant, "New-Mailbox", Name="a")
    assert len(tenant.requests) == 1


def test_a_refused_token_is_renewed_once() -> None:
    def answer(asked: Asked) -> httpx.Response:
        return rows({"N": 1}) if asked.headers["authorization"] == "Bearer t2" else httpx.Response(401)

    tenant = Tenant(answer)
    assert tenant.read("Get-Mailbox") == [{"N": 1}]
    assert len(tenant.requests) == 2
    always = Tenant(lambda asked: httpx.Response(401))
    with pytest.raises(DeniedError) as caught:
        always.read("Get-Mailbox")
    assert len(always.requests) == 2
    assert "Exchange.ManageAsApp" in caught.value.advice


def test_a_claims_challenge_is_passed_on() -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    import base64

    challenge = f'Bearer error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    answers = iter([httpx.Response(401, headers={"www-authenticate": challenge}), rows({"N": 1})])
    tenant = Tenant(lambda asked: next(answers))
    assert tenant.read("Get-Mailbox") == [{"N": 1}]
    assert tenant.tokens.claims == [None, claims]


def test_a_service_that_stays_down_is_not_asked_at_length_by_everybody() -> None:
    tenant = Tenant(lambda asked: httpx.Response(503))

    async def use(connection: Any) -> list[Any]:
        reader = connection.reader()
        return [
            await asyncio.gather(reader.exchange("Get-AcceptedDomain"), return_exceptions=True)
            for _ in range(20)
        ]

    results = tenant.run(use)
    assert all(isinstance(one, TransientError) for (one,) in results)
    assert len(tenant.requests) == 3 * 6 + 17
