"""Inbox rules, in Microsoft Graph's own vocabulary: all its predicates and all its actions.

Folders are written as paths and recipients as plain addresses; ids and recipient objects are the
service's. Text is matched without case, and comes back from the service in upper case
[doc: Graph messageRule].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import MinLen
from pydantic import Field, StringConstraints

from controller.spec.models.categories import CategoryName
from controller.spec.models.document import Path, Trouble
from controller.spec.models.folders import MailFolderPath, path_troubles
from controller.spec.models.scalars import ONE_LINE_PATTERN, Address, Count, Flag, Maybe, SpecModel
from controller.spec.models.two_forms import OrText

RuleName = Annotated[str, StringConstraints(pattern=ONE_LINE_PATTERN, max_length=512)]  # [doc: New-InboxRule]
Text = Annotated[str, StringConstraints(pattern=ONE_LINE_PATTERN, max_length=255)]
Texts = Annotated[tuple[Text, ...], MinLen(1)]


class Importance(StrEnum):
    """How important a mail is marked."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Sensitivity(StrEnum):
    """How a mail is to be treated, by its sender's wish."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class ActionFlag(StrEnum):
    """What a mail is flagged for."""

    ANY = "any"
    CALL = "call"
    DO_NOT_FORWARD = "doNotForward"
    FOLLOW_UP = "followUp"
    FYI = "fyi"
    FORWARD = "forward"
    NO_RESPONSE_NECESSARY = "noResponseNecessary"
    READ = "read"
    REPLY = "reply"
    REPLY_TO_ALL = "replyToAll"
    REVIEW = "review"


class RuleRecipient(OrText):
    """Somebody's address, or a mapping that adds the name shown with it."""

    alone: ClassVar[str] = "address"

    address: Address = Field(description="The SMTP address.")
    name: Maybe[Text] = Field(default=None, description="The name shown with it; it decides nothing.")


Recipients = Annotated[tuple[RuleRecipient, ...], MinLen(1)]


class SizeRange(SpecModel):
    """A range of sizes, in kilobytes."""

    minimum_size: Maybe[Count] = Field(default=None, description="At least this many kilobytes.")
    maximum_size: Maybe[Count] = Field(default=None, description="At most this many kilobytes.")


class RulePredicates(SpecModel):
    """What a mail must be like: all that is written must hold; of a list, any one."""

    body_contains: Maybe[Texts] = Field(default=None, description="The body has one of these texts.")
    body_or_subject_contains: Maybe[Texts] = Field(
        default=None, description="The body or the subject has one of these texts."
    )
    categories: Maybe[Texts] = Field(default=None, description="The mail bears one of these categories.")
    from_addresses: Maybe[Recipients] = Field(default=None, description="It is from one of these addresses.")
    has_attachments: Maybe[Flag] = Field(default=None, description="true: it has attachments.")
    header_contains: Maybe[Texts] = Field(
        default=None, description="The internet headers have one of these texts."
    )
    importance: Maybe[Importance] = Field(default=None, description="It is marked with this importance.")
    is_approval_request: Maybe[Flag] = Field(default=None, description="true: it is an approval request.")
    is_automatic_forward: Maybe[Flag] = Field(
        default=None, description="true: it was forwarded automatically."
    )
    is_automatic_reply: Maybe[Flag] = Field(default=None, description="true: it is an automatic reply.")
    is_encrypted: Maybe[Flag] = Field(default=None, description="true: it is encrypted.")
    is_meeting_request: Maybe[Flag] = Field(default=None, description="true: it is a meeting request.")
    is_meeting_response: Maybe[Flag] = Field(default=None, description="true: it is a meeting response.")
    is_non_delivery_report: Maybe[Flag] = Field(
        default=None, description="true: it tells that a mail could not be delivered."
    )
    is_permission_controlled: Maybe[Flag] = Field(
        default=None, description="true: its use is restricted (RMS protected)."
    )
    is_read_receipt: Maybe[Flag] = Field(default=None, description="true: it is a read receipt.")
    is_signed: Maybe[Flag] = Field(default=None, description="true: it is signed (S/MIME).")
    is_voicemail: Maybe[Flag] = Field(default=None, description="true: it is a voice mail.")
    message_action_flag: Maybe[ActionFlag] = Field(default=None, description="It is flagged for this action.")
    not_sent_to_me: Maybe[Flag] = Field(
        default=None, description="true: the mailbox is not among the recipients in To or Cc."
    )
    recipient_contains: Maybe[Texts] = Field(
        default=None, description="An address in To or Cc has one of these texts in it."
    )
    sender_contains: Maybe[Texts] = Field(
        default=None, description="The sender's address has one of these texts in it."
    )
    sensitivity: Maybe[Sensitivity] = Field(default=None, description="It is marked with this sensitivity.")
    sent_cc_me: Maybe[Flag] = Field(default=None, description="true: the mailbox is in Cc.")
    sent_only_to_me: Maybe[Flag] = Field(default=None, description="true: the mailbox is the only recipient.")
    sent_to_addresses: Maybe[Recipients] = Field(
        default=None, description="It was sent to one of these addresses."
    )
    sent_to_me: Maybe[Flag] = Field(default=None, description="true: the mailbox is in To.")
    sent_to_or_cc_me: Maybe[Flag] = Field(default=None, description="true: the mailbox is in To or Cc.")
    subject_contains: Maybe[Texts] = Field(default=None, description="The subject has one of these texts.")
    within_size_range: Maybe[SizeRange] = Field(default=None, description="Its size is within this range.")


class RuleActions(SpecModel):
    """What is done with a mail that fits."""

    assign_categories: Maybe[Annotated[tuple[CategoryName, ...], MinLen(1)]] = Field(
        default=None, description="Categories that it gets, by name."
    )
    copy_to_folder: Maybe[MailFolderPath] = Field(
        default=None, description="A folder, by path, that it is copied to."
    )
    delete: Maybe[Flag] = Field(default=None, description="true: it is moved to Deleted Items.")
    forward_as_attachment_to: Maybe[Recipients] = Field(
        default=None, description="Whom it is forwarded to as an attachment."
    )
    forward_to: Maybe[Recipients] = Field(default=None, description="Whom it is forwarded to.")
    mark_as_read: Maybe[Flag] = Field(default=None, description="true: it is marked as read.")
    mark_importance: Maybe[Importance] = Field(default=None, description="The importance it is given.")
    move_to_folder: Maybe[MailFolderPath] = Field(
        default=None,
        description="A folder, by path, that it is moved to; also one that 'folders' creates.",
    )
    permanent_delete: Maybe[Flag] = Field(
        default=None, description="true: it is deleted for good, without going through Deleted Items."
    )
    redirect_to: Maybe[Recipients] = Field(
        default=None, description="Whom it is redirected to, as if the sender had sent it there."
    )
    stop_processing_rules: Maybe[Flag] = Field(
        default=None, description="true: rules after this one do not see the mail."
    )


class InboxRule(SpecModel):
    """What happens to mail as it comes in. The order of the rules is theirs in the list."""

    name: RuleName = Field(description="Its name; it identifies the rule in this mailbox.")
    enabled: Flag = Field(default=True, description="false: the rule is there and does nothing.")
    conditions: Maybe[RulePredicates] = Field(
        default=None, description="Which mail it is about. Left out: all mail."
    )
    exceptions: Maybe[RulePredicates] = Field(
        default=None, description="Which mail it spares although the conditions hold."
    )
    actions: RuleActions = Field(description="What it does, with Microsoft Graph's names.")


Rules = tuple[InboxRule, ...]


def rule_troubles(rules: Sequence[InboxRule]) -> Iterator[Trouble]:
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        place = ("rules", str(index))
        if rule.name in seen:
            yield (*place, "name"), f"two rules are called {rule.name!r}: the name identifies a rule"
        seen.add(rule.name)
        if not any(value not in (None, False) for _, value in rule.actions):
            yield (*place, "actions"), f"the rule {rule.name!r} does nothing: give it an action"
        for name, path in (
            ("moveToFolder", rule.actions.move_to_folder),
            ("copyToFolder", rule.actions.copy_to_folder),
        ):
            if path is not None:
                yield from path_troubles((*place, "actions", name), path)
        for part in ("conditions", "exceptions"):
            yield from _size_troubles((*place, part, "withinSizeRange"), getattr(rule, part))


def _size_troubles(place: Path, predicates: RulePredicates | None) -> Iterator[Trouble]:
    size = predicates.within_size_range if predicates else None
    if size is None:
        return
    low, high = size.minimum_size, size.maximum_size
    if low is None and high is None:
        yield place, "expected 'minimumSize', 'maximumSize' or both"
    elif low is not None and high is not None and low > high:
        yield place, "'minimumSize' is more than 'maximumSize': no mail is in this range"
