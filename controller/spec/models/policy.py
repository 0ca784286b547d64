"""Policy: a rule that documents and plans are held to, as an expression in CEL.

Whether the expression can be one is said here; what it is held against, in `controller.policies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from controller.spec.models.document import KIND, DocumentModel
from controller.spec.models.scalars import POLICY_PATTERN, LabelName, Maybe, Words
from controller.spec.models.two_forms import TwoForms

JudgedKind = Literal["SharedMailbox", "DistributionList", "MailboxDelegation"]
PolicyName = Annotated[str, StringConstraints(pattern=POLICY_PATTERN, max_length=64)]
_SELECTOR: Final = (
    "Only documents with these labels, name to text: with all of them, where there are several. "
    "{labels: {…}} is the same."
)


class PolicySeverity(StrEnum):
    """error: what breaks it is held back. warning: it is shown."""

    ERROR = "error"
    WARNING = "warning"


def _labels(value: Any) -> Any:
    """`{labels: {team: support}}` as `{team: support}`."""
    if isinstance(value, Mapping) and isinstance(value.get("labels"), Mapping) and len(value) == 1:
        return value["labels"]
    return value


class AppliesTo(TwoForms):
    """What a policy is about: a kind, or a mapping that says which documents of it."""

    alone: ClassVar[str] = "kind"

    kind: JudgedKind = Field(description="SharedMailbox, DistributionList or MailboxDelegation.")
    selector: Maybe[dict[LabelName, Words]] = Field(
        default=None, description=_SELECTOR, examples=[{"team": "support"}]
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        if isinstance(value, Mapping) and "selector" in value:
            return {**value, "selector": _labels(value["selector"])}
        return value


class Policy(DocumentModel):
    """A rule for documents and for what a plan does with them. The only way around one is an Approval."""

    kind: Literal["Policy"] = Field(default="Policy", description=KIND)
    name: PolicyName = Field(
        description="Its name in findings and Approvals: policy/NAME/ADDRESS. Unique within a tenant.",
        examples=["no-outsiders"],
    )
    applies_to: AppliesTo = Field(
        description="A kind, or {kind, selector}: the documents that it is about.",
        examples=["SharedMailbox"],
    )
    selector: Maybe[dict[LabelName, Words]] = Field(
        default=None, description=_SELECTOR, examples=[{"team": "support"}]
    )
    assert_: Words = Field(
        alias="assert",
        description="What must be true, in CEL. 'object' is the document with its profile, 'changes' what "
        "the plan does with it. A policy that uses 'changes' is judged by plans only, not by `mbx validate`.",
        examples=['object.access.all(who, who.endsWith("@entreprise.example"))'],
    )
    message: Words = Field(description="What is wrong where it is not true, for whoever wrote the document.")
    severity: PolicySeverity = Field(
        default=PolicySeverity.ERROR,
        description="error holds back everything of the document that breaks it; warning is shown.",
    )

    @model_validator(mode="before")
    @classmethod
    def _wrapped(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "selector" in value:
            return {**value, "selector": _labels(value["selector"])}
        return value

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that a document must have to be judged."""
        return {**(self.applies_to.selector or {}), **(self.selector or {})}
