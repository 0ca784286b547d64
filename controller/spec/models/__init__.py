"""One file per kind of document, and one for each part that several share.

A model says what may be written, field by field, with a description that editors show. A new kind is a
file here and a line in `controller.spec.kinds`; a new field of a mailbox is a line in its model.
"""

from __future__ import annotations

from controller.spec.models.access import AccessEntry, Right
from controller.spec.models.approval import Approval
from controller.spec.models.distribution_list import DistributionList, ListType, Member
from controller.spec.models.document import State
from controller.spec.models.mailbox_delegation import MailboxDelegation
from controller.spec.models.policy import Policy, PolicySeverity
from controller.spec.models.profile import Profile
from controller.spec.models.safety import LastReader, Safety
from controller.spec.models.shared_mailbox import SentItems, SharedMailbox
from controller.spec.models.tenant import Cloud, Orphans, Tenant

__all__ = [
    "AccessEntry",
    "Approval",
    "Cloud",
    "DistributionList",
    "LastReader",
    "ListType",
    "MailboxDelegation",
    "Member",
    "Orphans",
    "Policy",
    "PolicySeverity",
    "Profile",
    "Right",
    "Safety",
    "SentItems",
    "SharedMailbox",
    "State",
    "Tenant",
]
