"""A message as a mail, for Graph's `sendMail`. Pure.

Plain text: a notice has links and no layout, and text is read everywhere. The fact one would not guess: a
mail sent with `sendMail` is answered with 202 and no id, so the notice's own id travels in a header, whose
name must begin with `x-` [doc: graph, user: sendMail; message: internetMessageHeaders].
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from controller.notify.news import News, Notice
from controller.notify.words import by_kind, circumstances, headline, rest

_LISTED: Final = 50
_SUBJECT: Final = 200


def message(notice: Notice, to: Iterable[str]) -> dict[str, Any]:
    """The body of `POST /users/{from}/sendMail`."""
    subject = f"[mbx] {headline(notice)}"
    return {
        "message": {
            "subject": subject if len(subject) <= _SUBJECT else subject[: _SUBJECT - 1] + "…",
            "body": {"contentType": "Text", "content": _text(notice)},
            "toRecipients": [{"emailAddress": {"address": address}} for address in to],
            "internetMessageHeaders": [
                {"name": "x-mbx-delivery", "value": notice.id},
                {"name": "x-auto-response-suppress", "value": "All"},
            ],
        },
        "saveToSentItems": False,
    }


def _text(notice: Notice) -> str:
    lines, shown = [headline(notice), ""], 0
    for title, group in by_kind(notice):
        listed = group[: _LISTED - shown]
        shown += len(listed)
        if listed:
            lines += [title, *(line for one in listed for line in _lines(one)), ""]
    if more := rest(notice, shown):
        lines += [more, ""]
    if notice.commit:
        lines.append(f"Specs at commit {notice.commit}.")
    return "\n".join(lines) + "\n"


def _lines(one: News) -> list[str]:
    where = [f"    {one.url or one.place}"] if one.url or one.place else []
    return [f"- {one.what}", f"    {circumstances(one)}", *where]
