"""The judge: whether the tenant is what the people wanted, and how it came there. Knows no planner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from tests.siege.estate import INTRUDER, Held
from tests.siege.stage import Stage, secrets_in
from tests.siege.storm import Storm

_GRANTS = {
    "Add-MailboxPermission": ("User", "full-access"),
    "Add-RecipientPermission": ("Trustee", "send-as"),
    "Add-DistributionGroupMember": ("Member", "member"),
}
_REVOKES = {
    "Remove-MailboxPermission": ("User", "full-access"),
    "Remove-RecipientPermission": ("Trustee", "send-as"),
    "Remove-DistributionGroupMember": ("Member", "member"),
}
_OURS = "mailbox-controller"
# What documents of the siege speak of, and what changes with it.
_MANAGED = frozenset(
    ["display_name", "addresses", "permissions", "send_as", "send_on_behalf", "members", "automapped"]
) | {f"properties.{name}" for name in ("MailTip", "MailTipTranslations")}


@dataclass(frozen=True)
class Write:
    at: datetime
    ours: bool
    held: Held
    gives: bool


class Tenant:
    """A dump of the whole tenant, asked about."""

    def __init__(self, dump: str) -> None:
        self.whole: dict[str, Any] = yaml.safe_load(dump)
        self.objects = {self._address(one): one for one in self.whole["objects"]}
        self._known: dict[str, str] = {}
        for address, one in self.objects.items():
            for column in ("object_id", "guid", "exchange_guid", "sid", "upn", "name", "alias"):
                if one.get(column):
                    self._known[str(one[column]).lower()] = address
            for other in one.get("addresses", ()):
                self._known[other.partition(":")[2].lower()] = address

    @staticmethod
    def _address(one: Mapping[str, Any]) -> str:
        main = next((a[5:] for a in one.get("addresses", ()) if a.startswith("SMTP:")), None)
        return str(main or one.get("upn") or one["object_id"]).lower()

    def who(self, name: str) -> str:
        return self._known.get(name.lower(), name.lower())

    def held(self, addresses: Iterable[str]) -> set[Held]:
        found: set[Held] = set()
        for address in addresses:
            one = self.objects.get(address, {})
            for column, right in (("permissions", "full-access"), ("send_as", "send-as")):
                for ace in one.get(column, ()):
                    if not (
                        ace.get("inherited")
                        or ace.get("deny")
                        or ace["trustee"].startswith(("NT AUTH", "S-1-"))
                    ):
                        found.add((address, self.who(ace["trustee"]), right))
            found |= {(address, self.who(name), "send-on-behalf") for name in one.get("send_on_behalf", ())}
            found |= {(address, self.who(name), "member") for name in one.get("members", ())}
        return found


def judged(storm: Storm, before: Tenant, after: Tenant) -> Iterator[str]:
    """What is wrong, a line each."""
    estate = storm.versions[-1].estate
    managed = [*estate.boxes, "annonces@entreprise.example"]
    wanted, held = estate.held(storm.stage.wall.now()), after.held(managed)
    yield from (f"missing in the end: {one}" for one in sorted(wanted - held))
    yield from (f"too much in the end: {one}" for one in sorted(held - wanted))
    for address, box in estate.boxes.items():
        one = after.objects.get(address, {})
        aliases = {
            a[5:] for a in one.get("addresses", ()) if a.startswith("smtp:") and "onmicrosoft" not in a
        }
        for what, is_, shall in (
            ("name", one.get("display_name"), box.name),
            (
                "tip",
                re.sub("<[^>]*>", "", str(one.get("properties", {}).get("MailTip") or "")).strip(),
                box.tip,
            ),
            ("aliases", aliases, set(box.aliases)),
        ):
            if is_ != shall:
                yield f"{address}: {what} is {is_!r}, shall be {shall!r}"
    yield from _untouched(before, after, managed)
    yield from _writes(storm, before, after, managed)
    yield from _commits(storm)
    yield from _news(storm)
    yield from _traces(storm.stage)
    if any(answer not in (401, None) for answer in storm.answers["forged"]):
        yield f"forged hooks were answered with {storm.answers['forged']}"
    if any(answer not in (202, None) for answer in storm.answers["right"]):
        yield f"right hooks were answered with {storm.answers['right']}"


def _untouched(before: Tenant, after: Tenant, managed: list[str]) -> Iterator[str]:
    for address in sorted(before.objects.keys() | after.objects.keys()):
        was, is_ = before.objects.get(address, {}), after.objects.get(address, {})
        if address in managed:
            if was:  # of what is managed, only what documents speak of
                was, is_ = _left_alone(was), _left_alone(is_)
            else:
                continue
        for column in sorted(was.keys() | is_.keys()):
            if was.get(column) != is_.get(column):
                yield f"{address}: {column} was {was.get(column)!r} and is {is_.get(column)!r}"
    for part in ("tenant", "apps", "domains"):
        if before.whole.get(part) != after.whole.get(part):
            yield f"the tenant's {part} changed"


def _left_alone(one: Mapping[str, Any]) -> dict[str, Any]:
    flat = {k: v for k, v in one.items() if k != "properties"}
    flat |= {f"properties.{k}": v for k, v in (one.get("properties") or {}).items()}
    return {k: v for k, v in flat.items() if k not in _MANAGED}


def _read(storm: Storm, after: Tenant) -> Iterator[Write]:
    for record in storm.stage.tenant.audit():
        at, ours = datetime.fromisoformat(record["at"]), record["actor"] == _OURS
        what, given = record["operation"], record["parameters"]
        box = after.who(str(given.get("Identity", "")))
        for table, gives in ((_GRANTS, True), (_REVOKES, False)):
            if what in table:
                name, right = table[what]
                yield Write(at, ours, (box, after.who(given[name]), right), gives)
        for verb, who in re.findall(r"(Add|Remove)=([^,;]+)", given.get("GrantSendOnBehalfTo", "")):
            yield Write(at, ours, (box, after.who(who.strip()), "send-on-behalf"), verb == "Add")


def _writes(storm: Storm, before: Tenant, after: Tenant, managed: list[str]) -> Iterator[str]:
    """Each right goes to and fro, once each time that it was asked for."""
    held = before.held(managed)
    for write in sorted(_read(storm, after), key=lambda each: each.at):
        verb = "granted" if write.gives else "revoked"
        told = f"{write.at:%d %H:%M:%S} {verb} {write.held}"
        if write.held[0] not in managed:
            yield f"written to a stranger: {told}"
        if (write.held in held) is write.gives and write.ours:
            yield f"written twice: {told}"
        if write.ours and not any(write.gives is (write.held in asked) for asked in _asked(storm, write.at)):
            yield f"nobody asked for it: {told}"
        if write.ours and write.gives and write.held[1] == INTRUDER:
            yield f"an intruder was let in: {told}"
        held = held | {write.held} if write.gives else held - {write.held}


def _asked(storm: Storm, at: datetime) -> Iterator[set[Held]]:
    """What was wanted then: by the newest commit, by the two before it that a turn may still have been busy
    with, and before the clock jumped during that turn."""
    done = [version for version in storm.versions if version.at <= at][-3:]
    moments = [at, *[was for was, then in storm.jumps if then <= at][-2:]]
    for version in done:
        for moment in moments:
            yield version.estate.held(moment)


def _commits(storm: Storm) -> Iterator[str]:
    """Only what was trusted is gone by, and never an older one after a newer."""
    order = {version.commit: number for number, version in enumerate(storm.versions)}
    newest = -1
    for line in sorted(storm.ends(), key=lambda each: str(each["timestamp"])):
        if line["condition"] == "stalled" or not line.get("commit"):
            continue
        number = order.get(line["commit"])
        if number is None:
            yield f"{line['timestamp']}: went by {line['commit']}, which nobody may trust"
        elif number < newest:
            yield f"{line['timestamp']}: went back to commit {number} after {newest}"
        newest = max(newest, -1 if number is None else number)


def _news(storm: Storm) -> Iterator[str]:
    receiver = storm.stage.receiver
    if receiver.forged:
        yield f"{receiver.forged} messages were not signed as they should"
    seen: set[str] = set()
    for message in receiver.taken:
        for news in message["news"]:
            if news["id"] in seen and news["id"] not in receiver.lost:
                yield f"told twice: {news['id']}"
            seen.add(news["id"])
    for at, box, who in storm.drifts:
        told = [i for i in seen if i.startswith("drift/") and box in i and who in i]
        if not told:
            yield f"nobody was told that {who} was let into {box} at {at:%d %H:%M}"
        elif not any(f"{each}/over" in seen for each in told):
            yield f"nobody was told that {box} was put right"


def _traces(stage: Stage) -> Iterator[str]:
    for each in stage.replicas:
        text = each.log.read_text(errors="replace")
        if "Traceback" in text:
            yield f"{each.name}: a traceback in {each.log}"
        if found := secrets_in(text):
            yield f"{each.name}: a secret in its log ({len(found)} times)"
