"""The mailbox itself: who may sign in, what is kept of sent mail, how many addresses it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller import canon
from controller.model import Finding
from controller.preflight.view import View, finding

_ALIASES: Final = 300  # proxy addresses of one mailbox [doc: Exchange Online limits, recipient limits]
_AS, _BEHALF = ("sentItems", "copySentAs"), ("sentItems", "copySentOnBehalf")


def sign_in_open(view: View) -> Iterator[Finding]:
    """A shared mailbox is born with an account that can be signed in to [obs: CIPP]."""
    for resource in view.resources:
        disabled = canon.flag((resource.row or {}).get("AccountDisabled"))
        if resource.spec.sign_in_blocked is None and disabled is False:
            message = (
                f"somebody who knows or resets its password can sign in as {resource.key.address}: "
                "write `signInBlocked: true`"
            )
            yield finding("sign-in-open", resource, message)


def copies_half_on(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        on = {path: view.value(resource, "sentItems", path) for path in (_AS, _BEHALF)}
        if set(map(bool, on.values())) == {True, False} and None not in on.values():
            off = next(".".join(path) for path, value in on.items() if not value)
            message = f"only a part of what is sent is copied to Sent Items of the mailbox: {off} is off"
            yield finding("sent-items-half", resource, message, at=("sentItems",))


def many_aliases(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        count = len(resource.spec.aliases or ())
        if count > _ALIASES:
            message = f"{count} aliases: Exchange Online keeps at most {_ALIASES} addresses of one mailbox"
            yield finding("many-aliases", resource, message, at=("aliases",))


CHECKS = (sign_in_open, copies_half_on, many_aliases)
