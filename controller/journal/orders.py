"""What an operator ordered: to leave a tenant or a resource alone for a while, or to accept a commit.

Rows are only ever added; how things stand is the last word on each subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.forms import clean_text

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class Will(StrEnum):
    SUSPEND = "suspend"
    RESUME = "resume"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Order:
    """`subject` is an address in lower case, empty for the whole tenant, or the commit that is accepted."""

    will: Will
    subject: str
    reason: str
    who: str
    at: datetime


class Orders:
    """The orders about all tenants. Raises StateError."""

    def __init__(self, writing: Transaction, reading: Transaction) -> None:
        self._writing = writing
        self._reading = reading

    def give(self, tenant_id: str, order: Order) -> None:
        with self._writing() as connection:
            connection.execute(
                schema.orders.insert().values(
                    tenant_id=tenant_id,
                    will=order.will.value,
                    subject=order.subject,
                    reason=clean_text(order.reason),
                    who=clean_text(order.who),
                    at=order.at,
                )
            )

    def suspended(self, tenant_id: str) -> Mapping[str, Order]:
        """What is left alone, by subject."""
        last = {order.subject: order for order in self._of(tenant_id, Will.SUSPEND, Will.RESUME)}
        return {subject: order for subject, order in last.items() if order.will is Will.SUSPEND}

    def accepted(self, tenant_id: str) -> Order | None:
        """The commit that was accepted last."""
        return next(reversed(self._of(tenant_id, Will.ACCEPT)), None)

    def _of(self, tenant_id: str, *wills: Will) -> list[Order]:
        """Oldest first."""
        table = schema.orders
        chosen = sa.and_(table.c.tenant_id == tenant_id, table.c.will.in_([will.value for will in wills]))
        with self._reading() as connection:
            rows = connection.execute(sa.select(table).where(chosen).order_by(table.c.seq)).all()
        return [Order(Will(row.will), row.subject, row.reason, row.who, row.at) for row in rows]
