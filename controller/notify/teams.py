"""A message for Microsoft Teams: an Adaptive Card in the envelope that the Workflows webhook takes. Pure.

[doc: learn.microsoft.com, Teams: create incoming webhooks with Workflows; adaptivecards.io, schema 1.4]. The
fact one would not guess: a message of more than 28 KB is refused, so that a card is filled only as far as it
stays below, and says how much it leaves out [doc: Connectors/teams, known issues].
"""

from __future__ import annotations

import json
from typing import Any, Final

from controller.notify.news import News, Notice
from controller.notify.words import by_kind, circumstances, headline, rest

LIMIT: Final = 25_000  # bytes, of 28 KB: the flow wraps the card in a message of its own
_LONG: Final = 600  # characters of one line
_LISTED: Final = 20


def message(notice: Notice) -> dict[str, Any]:
    """As many news as fit; always a headline."""
    shown = min(len(notice.news), _LISTED)
    while True:
        body = _message(notice, shown)
        if shown == 0 or len(json.dumps(body, ensure_ascii=False).encode()) <= LIMIT:
            return body
        shown -= 1


def _message(notice: Notice, shown: int) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [_text(headline(notice), size="Large", weight="Bolder")]
    left = shown
    for title, group in by_kind(notice):
        listed = group[:left]
        left -= len(listed)
        if listed:
            blocks.append(_text(title, weight="Bolder", spacing="Medium", separator=True))
        for one in listed:
            blocks += [
                _text(_plain(one.what)),
                _text(_below(one), isSubtle=True, size="Small", spacing="None"),
            ]
    if more := rest(notice, shown):
        blocks.append(_text(more, isSubtle=True, spacing="Medium"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": blocks,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "summary": headline(notice), "attachments": [attachment]}


def _text(text: str, **how: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **how}


def _below(one: News) -> str:
    text = _plain(circumstances(one))
    if one.url:
        return f"{text} · [{_plain(one.place or 'the line')}]({one.url})"
    return f"{text} · {_plain(one.place)}" if one.place else text


def _plain(text: str) -> str:
    """Words of others, without what a TextBlock's Markdown would make of them, links above all."""
    cut = text if len(text) <= _LONG else text[: _LONG - 1] + "…"
    return "".join(f"\\{c}" if c in "\\[]()*_`#<>" else c for c in cut)
