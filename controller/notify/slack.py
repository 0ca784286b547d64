"""A message for a Slack-compatible incoming webhook: blocks, and a text for where they do not show. Pure.

[doc: docs.slack.dev, incoming webhooks; block kit: at most 50 blocks, a header of 150 characters, a section
of 3,000]. The fact one would not guess: all blocks together may hold about 13,000 characters, more is refused
with `msg_blocks_too_long` [obs: slackapi/bolt-js#2509].
"""

from __future__ import annotations

from typing import Any, Final

from controller.notify.news import News, Notice
from controller.notify.words import by_kind, circumstances, headline, rest

_HEADER: Final = 150
_SECTION: Final = 2900  # characters, of 3,000
_ALL: Final = 12_000  # of about 13,000
_BLOCKS: Final = 48  # of 50
_LISTED: Final = 20
_LONG: Final = 500


def message(notice: Notice) -> dict[str, Any]:
    """As many news as fit; always a headline."""
    title = headline(notice)
    shown, blocks, room = 0, [_header(title)], _ALL
    for heading, group in by_kind(notice):
        lines: list[str] = [f"*{heading}*"]
        for one in group:
            line = _line(one)
            if shown >= _LISTED or len(line) > room or len(blocks) >= _BLOCKS:
                break
            if sum(map(len, lines)) + len(lines) + len(line) > _SECTION:
                blocks.append(_section("\n".join(lines)))
                lines = []
            lines.append(line)
            room -= len(line)
            shown += 1
        if len(lines) > 1 or (lines and not lines[0].startswith("*")):
            blocks.append(_section("\n".join(lines)))
    if more := rest(notice, shown):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": more}]})
    return {"text": _escaped(title), "blocks": blocks}


def _header(text: str) -> dict[str, Any]:
    cut = text if len(text) <= _HEADER else text[: _HEADER - 1] + "…"
    return {"type": "header", "text": {"type": "plain_text", "text": cut}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _line(one: News) -> str:
    place = _escaped(one.place or "")
    where = f"<{one.url}|{place}>" if one.url else place
    below = " · ".join(part for part in (_escaped(circumstances(one)), where) if part)
    what = one.what if len(one.what) <= _LONG else one.what[: _LONG - 1] + "…"
    return f"• {_escaped(what)}\n      {below}"


def _escaped(text: str) -> str:
    """The three signs that mean something to Slack [doc: formatting message text]: no mention, no link is
    made of somebody's words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
