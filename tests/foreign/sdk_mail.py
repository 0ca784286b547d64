"""What Microsoft's Graph client for Python does in a mailbox of the sandbox and around it; runs in
tests/foreign/.venv, as `sdk_tasks.py` does. Prints one JSON object: of each step what it told, or how it was
refused.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.directory_objects.get_by_ids.get_by_ids_post_request_body import (
    GetByIdsPostRequestBody,
)
from msgraph.generated.models.automatic_replies_setting import AutomaticRepliesSetting
from msgraph.generated.models.automatic_replies_status import AutomaticRepliesStatus
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.category_color import CategoryColor
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.mail_search_folder import MailSearchFolder
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.message import Message
from msgraph.generated.models.message_rule import MessageRule
from msgraph.generated.models.message_rule_actions import MessageRuleActions
from msgraph.generated.models.message_rule_predicates import MessageRulePredicates
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.outlook_category import OutlookCategory
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.check_member_groups.check_member_groups_post_request_body import (
    CheckMemberGroupsPostRequestBody,
)
from msgraph.generated.users.item.mail_folders.item.copy.copy_post_request_body import CopyPostRequestBody
from msgraph.generated.users.item.mail_folders.mail_folders_request_builder import MailFoldersRequestBuilder
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator
from sdk_tasks import client

SUPPORT = "support@contoso.example"
told: dict[str, Any] = {}


async def step(name: str, call: Awaitable[Any], tell: Any = bool) -> Any:
    """Notes what the call brings, as `tell` puts it, or the status and code of its refusal."""
    try:
        found = await call
    except ODataError as refusal:
        told[name] = [refusal.response_status_code, refusal.error.code if refusal.error else None]
        return None
    told[name] = tell(found)
    return found


async def folders(user: Any) -> None:
    made = await step(
        "folder made", user.mail_folders.post(MailFolder(display_name="Clients")), lambda f: f.display_name
    )
    one = user.mail_folders.by_mail_folder_id(made.id)
    await step("folder twice", user.mail_folders.post(MailFolder(display_name="clients")))
    child = await step(
        "child made",
        one.child_folders.post(MailFolder(display_name="Deep")),
        lambda f: f.parent_folder_id == made.id,
    )
    below = one.child_folders.by_mail_folder_id1(child.id)
    await step("child renamed", below.patch(MailFolder(display_name="Deeper")), lambda f: f.display_name)
    await step("child deleted", below.delete())
    await step(
        "inbox renamed", user.mail_folders.by_mail_folder_id("inbox").patch(MailFolder(display_name="X"))
    )
    await step("folder unknown", user.mail_folders.by_mail_folder_id("archive").get())
    await step("folder malformed", user.mail_folders.by_mail_folder_id("nonsense").get())
    await step("folders counted", user.mail_folders.count.get())
    query = MailFoldersRequestBuilder.MailFoldersRequestBuilderGetQueryParameters(
        top=2, select=["displayName"], include_hidden_folders="true"
    )
    first = await user.mail_folders.get(request_configuration=RequestConfiguration(query_parameters=query))
    names: list[str] = []
    await PageIterator(first, user.request_adapter).iterate(lambda f: names.append(f.display_name) or True)
    told["folders paged"] = names
    inbox = await user.mail_folders.by_mail_folder_id("inbox").get()
    search = MailSearchFolder(
        display_name="Unread",
        include_nested_folders=True,
        source_folder_ids=[inbox.id],
        filter_query="isRead eq false",
    )
    searches = user.mail_folders.by_mail_folder_id("searchfolders").child_folders
    await step("search folder", searches.post(search), lambda f: [type(f).__name__, f.filter_query])
    await step("folder copied", one.copy.post(CopyPostRequestBody(destination_id="drafts")))
    await step("folder delta", user.mail_folders.delta.get())
    await step("folder deleted", one.delete())


async def rules(user: Any) -> None:
    held = user.mail_folders.by_mail_folder_id("inbox").message_rules
    rule = MessageRule(
        display_name="Invoices",
        sequence=1,
        is_enabled=True,
        conditions=MessageRulePredicates(subject_contains=["invoice"]),
        actions=MessageRuleActions(mark_as_read=True),
    )
    made = await step("rule made", held.post(rule), lambda r: [r.display_name, r.has_error, r.is_read_only])
    one = held.by_message_rule_id(made.id)
    await step("rule off", one.patch(MessageRule(is_enabled=False)), lambda r: r.is_enabled)
    await step("rule at 0", held.post(MessageRule(display_name="x", sequence=0, actions=rule.actions)))
    await step("rule without actions", held.post(MessageRule(display_name="x", sequence=2)))
    await step("rule elsewhere", user.mail_folders.by_mail_folder_id("drafts").message_rules.get())
    await step("rule deleted", one.delete())
    await step("rule gone", one.get())


async def categories(user: Any) -> None:
    held = user.outlook.master_categories
    made = await step(
        "category made",
        held.post(OutlookCategory(display_name="Urgent", color=CategoryColor.Preset9)),
        lambda c: [c.display_name, c.color],
    )
    one = held.by_outlook_category_id(made.id)
    await step(
        "category coloured", one.patch(OutlookCategory(color=CategoryColor.Preset1)), lambda c: c.color
    )
    await step("category renamed", one.patch(OutlookCategory(display_name="Other")))
    await step("category twice", held.post(OutlookCategory(display_name="URGENT")))
    await step("category deleted", one.delete())


async def settings(user: Any) -> None:
    reply = AutomaticRepliesSetting(
        status=AutomaticRepliesStatus.AlwaysEnabled, internal_reply_message="Back soon"
    )
    await step(
        "replies on",
        user.mailbox_settings.patch(MailboxSettings(automatic_replies_setting=reply)),
        lambda s: s.automatic_replies_setting.status,
    )
    await step("settings read", user.mailbox_settings.get(), lambda s: s.user_purpose)
    await step("bad zone", user.mailbox_settings.patch(MailboxSettings(time_zone="Nowhere")))
    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=["mailboxSettings"])
    configuration = RequestConfiguration(query_parameters=query)
    await step(
        "settings of the user",
        user.get(request_configuration=configuration),
        lambda u: u.mailbox_settings.user_purpose,
    )


async def mail(user: Any) -> None:
    to = [Recipient(email_address=EmailAddress(address="alice@contoso.example"))]
    body = ItemBody(content_type=BodyType.Text, content="Hello")
    message = Message(subject="Hello", body=body, to_recipients=to)
    await step("mail sent", user.send_mail.post(SendMailPostRequestBody(message=message)))
    await step("mail to nobody", user.send_mail.post(SendMailPostRequestBody(message=Message(subject="x"))))
    newest = await step("mail listed", user.messages.get(), lambda m: [each.subject for each in m.value])
    one = user.messages.by_message_id(newest.value[0].id)
    await step("mail read", one.get(), lambda m: m.from_.email_address.address)
    await step("mail counted", user.messages.count.get())
    await step("draft", user.messages.post(Message(subject="x")))
    await step("mail moved", one.move.post(MovePostRequestBody(destination_id="archive")))
    await step("attachments", one.attachments.get())


async def around(graph: Any, user: Any) -> None:
    mine = await user.get()
    groups = (await graph.groups.get()).value
    shipped = ("Admins", "Everyone", "Project", "Team")  # others may have been made meanwhile
    ids = [group.id for group in groups if group.display_name in shipped]
    alice = graph.users.by_user_id("alice@contoso.example")
    await step(
        "checked",
        alice.check_member_groups.post(CheckMemberGroupsPostRequestBody(group_ids=ids)),
        lambda found: len(found.value),
    )
    await step(
        "by ids",
        graph.directory_objects.get_by_ids.post(
            GetByIdsPostRequestBody(ids=[mine.id, ids[0]], types=["user", "group"])
        ),
        lambda found: sorted(type(each).__name__ for each in found.value),
    )
    by_name = graph.users_with_user_principal_name(SUPPORT)
    await step("by principal name", by_name.get(), lambda found: found.id == mine.id)
    await step("skus", graph.subscribed_skus.get(), lambda found: found.value[0].sku_part_number)
    await step("licences", user.license_details.get(), lambda found: found.value)
    await step("organization", graph.organization.get(), lambda found: found.value[0].display_name)
    await step("domains", graph.domains.get(), lambda found: sorted(each.id for each in found.value))
    await step("calendar", user.calendar.calendar_permissions.get())
    await step("photo", user.photo.get())
    await step("applications", graph.applications.get())
    await step("report", graph.reports.get_mailbox_usage_detail_with_period("D7").get())
    await step("no mailbox", graph.users.by_user_id("carol@contoso.example").mail_folders.get())
    await step("nobody's mailbox", graph.users.by_user_id("nobody@contoso.example").mail_folders.get())


async def everything() -> dict[str, Any]:
    graph = client()
    user = graph.users.by_user_id(SUPPORT)
    for part in (folders, rules, categories, settings, mail):
        await part(user)
    await around(graph, user)
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(everything())))
