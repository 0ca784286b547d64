"""Which model reads which kind of document."""

from __future__ import annotations

from typing import Final

from controller.model import Kind
from controller.spec.models import (
    Approval,
    DistributionList,
    MailboxDelegation,
    Policy,
    Profile,
    SharedMailbox,
    Tenant,
)
from controller.spec.models.document import DocumentModel

MODELS: Final[dict[str, type[DocumentModel]]] = {
    Kind.TENANT.value: Tenant,
    Kind.SHARED_MAILBOX.value: SharedMailbox,
    Kind.DISTRIBUTION_LIST.value: DistributionList,
    Kind.MAILBOX_DELEGATION.value: MailboxDelegation,
    Kind.PROFILE.value: Profile,
    Kind.POLICY.value: Policy,
    Kind.APPROVAL.value: Approval,
}
