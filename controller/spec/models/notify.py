"""Whom to tell, and of what. What is secret is named here by its environment variable only."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from annotated_types import MinLen
from pydantic import Field, model_validator

from controller.spec.models.scalars import Address, Maybe, SpecModel, Variable, Words


class Event(StrEnum):
    """What can be told."""

    DRIFT = "drift"
    HEALED = "healed"
    FAILURE = "failure"
    STALLED = "stalled"
    REFUSED = "refused"
    EXPIRING = "expiring"
    LICENCE = "licence"


class TeamsHook(SpecModel):
    """A Microsoft Teams channel, through a webhook of Workflows."""

    webhook_url_from: Variable = Field(
        description="The environment variable that holds the webhook's url.", examples=["MBX_TEAMS_WEBHOOK"]
    )


class SlackHook(SpecModel):
    """A Slack channel, through an incoming webhook."""

    webhook_url_from: Variable = Field(
        description="The environment variable that holds the webhook's url.", examples=["MBX_SLACK_WEBHOOK"]
    )


class WebHook(SpecModel):
    """Any web service: JSON, signed with HMAC-SHA256 over the body in X-Mbx-Signature-256."""

    url_from: Variable = Field(
        description="The environment variable that holds the url (https, or http to loopback).",
        examples=["MBX_HOOK_URL"],
    )
    secret_from: Maybe[Variable] = Field(
        default=None,
        description="The environment variable that holds the secret which signs the body. Left out: "
        "unsigned.",
        examples=["MBX_HOOK_SECRET"],
    )


class MailNotice(SpecModel):
    """A mail."""

    from_: Address = Field(alias="from", description="The mailbox that it is sent from.")
    to: Annotated[tuple[Address, ...], MinLen(1)] = Field(description="Whom it is sent to.")


class CommitStatus(SpecModel):
    """A status on the commit that was applied."""

    forge: Literal["github", "gitlab", "azure"] = Field(description="Where the repository lives.")
    repository: Words = Field(
        description="The repository, as the forge names it.", examples=["entreprise/mail"]
    )


_WAYS = ("teams", "slack", "webhook", "mail", "commitStatus")


class Notification(SpecModel):
    """One way to tell people, and what to tell them of."""

    teams: Maybe[TeamsHook] = Field(default=None, description="Tell a Microsoft Teams channel.")
    slack: Maybe[SlackHook] = Field(default=None, description="Tell a Slack channel.")
    webhook: Maybe[WebHook] = Field(default=None, description="Tell any web service.")
    mail: Maybe[MailNotice] = Field(default=None, description="Tell by mail.")
    commit_status: Maybe[CommitStatus] = Field(default=None, description="Set a status on the commit.")
    on: Maybe[tuple[Event, ...]] = Field(
        default=None, description="What to tell of. Left out: everything that this way can tell."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.teams, self.slack, self.webhook, self.mail, self.commit_status)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(f"expected exactly one of {', '.join(_WAYS)} (one entry for each)")
        return self
