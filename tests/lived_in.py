"""Mailboxes that people have lived in for years, and documents that speak of a part of each.

From one number come a tenant of three mailboxes, French, German and English, full of people's own things, and
a document for each that leaves some fields out, writes some as they are (`same`) and some otherwise (`other`).
So it is known beforehand on which fields a plan must say something, and on which it must not.

`tests/stranger.py` holds them to it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from controller.sandbox import mailbox_store as store
from tests.rig import TENANT, Rig, make_rig

PEOPLE = ("alice", "bruno", "chloe", "david", "emma", "farid")
DOMAIN = "@entreprise.example"
GONE = "S-1-5-21-1111111111-2222222222-3333333333-7654321"
COLOURS = ("red", "orange", "teal", "dark-blue", "steel", "none", "purple")
CASMAILBOX = {"imap": "ImapEnabled", "pop": "PopEnabled", "activeSync": "ActiveSyncEnabled", "owa": "OWAEnabled"}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
PERIOD = {"name": "Fêtes", "from": "2026-12-24T18:00", "until": "2027-01-04T08:00"}


@dataclass(frozen=True)
class Tongue:
    culture: str
    zone: str
    windows: str
    date: str
    other: tuple[str, str]  # a language that it is not, and one of its date formats
    categories: tuple[str, ...]
    folders: tuple[str, ...]  # paths in a scenario: below the root, or a well-known name
    words: tuple[str, ...]
    text: str


TONGUES = (
    Tongue(
        "fr-FR", "Europe/Paris", "Romance Standard Time", "dd/MM/yyyy", ("de-DE", "dd.MM.yyyy"),
        ("À rappeler", "Litige", "Perso", "Été 2026"),
        ("Clients/Grands comptes", "Fournisseurs", "inbox/Lettres d'info", "Archives\\/2024", "Inbox"),
        ("facture", "relance", "réclamation"), "Bonjour, nous sommes là & répondons sous 4 h.",
    ),
    Tongue(
        "de-DE", "Europe/Berlin", "W. Europe Standard Time", "dd.MM.yyyy", ("en-GB", "dd/MM/yyyy"),
        ("Rückruf", "Prüfen", "Privat", "Größe"),
        ("Kunden/Großkunden", "Lieferanten", "inbox/Rundschreiben", "Ablage\\/2024", "Drafts"),
        ("Rechnung", "Mahnung", "Maßnahme"), "<p>Guten Tag,</p>\n<p>wir sind <b>bald</b> zurück.</p>",
    ),
    Tongue(
        "en-GB", "Europe/London", "GMT Standard Time", "dd/MM/yyyy", ("fr-FR", "dd/MM/yyyy"),
        ("Call back", "Complaint", "Private", "Fair 2026"),
        ("Customers/Key accounts", "Suppliers", "inbox/Newsletters", "Old\\/2024", "Boîte de réception"),
        ("invoice", "reminder", "complaint"), "<div>We'll answer <i>soon</i>.</div>",
    ),
)  # fmt: skip


@dataclass
class Box:
    """One mailbox: what a scenario says of it, what people did to it afterwards, and what a document could."""

    address: str
    tongue: Tongue
    chance: random.Random
    dense: bool  # whether the service numbers rules without gaps
    part: dict[str, Any] = field(default_factory=dict)
    deeds: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # cmdlets, as an administrator
    same: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)  # field to same, other

    def did(self, cmdlet: str, **parameters: Any) -> None:
        self.deeds.append((cmdlet, {"Identity": self.address, **parameters}))

    def offer(self, name: str, same: Any, other: Any) -> None:
        self.same[name], self.other[name] = same, other

    @property
    def differing(self) -> set[str]:
        """The fields of which a plan has to say something. Working hours count in the mailbox's zone."""
        found = {name for name, how in self.written.items() if how == "other"}
        regional = self.part_of("regional")
        if "workingHours" in self.written and regional.get("timeZone", "Europe/Paris") != "Europe/Paris":
            found.add("workingHours")
        if self.written.get("access") == "other" and "claimCategories" in self.written:
            found.add("claimCategories")  # somebody joins
        return found

    @property
    def stamped(self) -> bool:
        """Whether a holiday leaves no text behind, as the document has none to come back."""
        return "periods" in (replies := self.part_of("automaticReplies")) and "internal" not in replies

    def part_of(self, name: str) -> Any:
        """What the document says of a field; empty where it says nothing."""
        return (self.same if self.written.get(name) == "same" else self.other)[name] if name in self.written else {}

    def document(self) -> str:
        document: dict[str, Any] = {"kind": "SharedMailbox", "address": self.address}
        for name in self.written:
            document[name] = self.part_of(name)
        modes = [name for name in ("rules", "aliases") if name in self.written and self.chance.random() < 0.3]
        if modes:
            document["additive"] = modes
        text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        return text


def _who(*names: str) -> list[str]:
    return [f"{name}{DOMAIN}" for name in names]


# --- fields, one function for a few that belong together -------------------------------------------------


def _identity(box: Box) -> None:
    local = box.address.partition("@")[0]
    alias = f"{local}.ancien{DOMAIN}"
    box.part |= {"displayName": f"Boîte {local}", "aliases": [alias], "addresses": [f"X500:/o=Old/cn={local}"]}
    box.offer("displayName", f"Boîte {local}", f"Boîte  {local} — neuve")
    box.offer("aliases", [alias.upper().replace(DOMAIN.upper(), DOMAIN)], [f"{local}.neuf{DOMAIN}"])
    box.offer("hiddenFromAddressLists", False, True)
    box.part["properties"] = {"CustomAttribute3": f"  {local} & Co", "CustomAttribute7": "unberührt"}
    box.offer("customAttributes", {"3": f"  {local} & Co"}, {"3": "", "1": "neu"})
    signs_in = box.chance.random() < 0.5
    box.part["signIn"] = signs_in
    box.offer("signInBlocked", not signs_in, signs_in)


def _access(box: Box) -> None:
    one, two, three, four = box.chance.sample(PEOPLE, 4)
    box.part["access"] = {
        f"{one}{DOMAIN}": ["full-access", "send-as"],
        f"{two}{DOMAIN}": ["full-access", "send-on-behalf"],
        f"{three}{DOMAIN}": ["full-access"],
    }
    box.part["entries"] = [
        {"sid": GONE},
        {"trustee": "Organization Management", "deny": True, "inherited": True},
        {"trustee": f"{three}{DOMAIN}", "deny": True},
    ]
    box.offer("access", dict(box.part["access"]), {
        f"{one}{DOMAIN}": ["send-as", "full-access"],
        f"{two}{DOMAIN}": ["full-access"],
        f"{three}{DOMAIN}": {"rights": ["full-access", "send-as"], "until": "2027-06-30"},
        f"{four}{DOMAIN}": {"rights": ["full-access"], "autoMapping": False},
    })  # fmt: skip
    named = [f"Pris par {name.title()}" for name in (one, two, three)]
    box.part["categories"] = dict.fromkeys(named, "blue")
    box.offer("claimCategories", {"name": "Pris par {givenName}", "colour": "blue"},
              {"name": "Bei {givenName}", "colour": "teal"})  # fmt: skip
    on = box.chance.random() < 0.5
    box.did("Set-Mailbox", MessageCopyForSentAsEnabled=on)
    box.offer("sentItems", {"copySentAs": on}, {"copySentAs": not on, "copySentOnBehalf": True})


def _settings(box: Box) -> None:
    box.did("Set-CASMailbox", ImapEnabled=False, SmtpClientAuthenticationDisabled=True)
    box.offer("protocols", {"imap": False, "smtpAuth": False}, {"imap": True, "pop": False})
    box.did("Set-Mailbox", MaxSendSize="25 MB", IssueWarningQuota="40 GB", ProhibitSendQuota="45 GB")
    box.offer("limits", {"maxSendSize": "25600 KB", "warnAt": "40 GB"}, {"warnAt": "46 GB", "prohibitSendAt": "47.3 GB"})
    box.did("Set-Mailbox", RetentionPolicy="Support — 1 an")
    box.offer("retentionPolicy", "support — 1 AN", "none")
    box.did("Set-Mailbox", AuditLogAgeLimit="120")
    box.offer("audit", {"ageLimit": "120 days"}, {"enabled": False, "ageLimit": "365 days"})
    senders, moderators = box.chance.sample(PEOPLE, 2), box.chance.sample(PEOPLE, 1)
    box.did("Set-Mailbox", RejectMessagesFrom=_who(*senders), ModeratedBy=_who(*moderators), ModerationEnabled=True)
    box.offer(
        "delivery",
        {"rejectFrom": _who(*reversed(senders)), "moderatedBy": _who(*moderators)},
        {"rejectFrom": [], "acceptOnlyFrom": [*_who("alice"), f"equipe{DOMAIN}"], "requireAuthenticatedSenders": True},
    )
    box.did("Set-Mailbox", MailTip="Réponse en 4 h & plus")
    box.offer("mailTip", "Réponse en 4 h & plus", "Antwort <bald>")
    box.did("Set-Mailbox", ForwardingSmtpAddress="ailleurs@helpdesk.example", DeliverToMailboxAndForward=True)
    box.offer("forwarding", {"to": "Ailleurs@helpdesk.example", "keepCopy": True},
              box.chance.choice([{"to": _who("emma")[0], "keepCopy": False}, "none"]))  # fmt: skip
    box.offer("litigationHold", {"enabled": False}, {"enabled": True, "duration": "2555 days"})
    box.offer("archive", False, True)
    box.offer("licence", "none", "EXCHANGEENTERPRISE")


def _own(box: Box) -> None:
    """Regional settings, working hours, signature, replies."""
    tongue = box.tongue
    box.part |= {"language": tongue.culture, "timeZone": tongue.windows}
    box.offer(
        "regional",
        {"language": tongue.culture.lower().replace("-", "-").replace("gb", "GB"), "timeZone": tongue.zone},
        box.chance.choice([
            {"language": tongue.other[0], "dateFormat": tongue.other[1]},
            {"timeZone": "America/New_York", "timeFormat": "H:mm"},
        ]),
    )  # fmt: skip
    days = sorted(box.chance.sample(DAYS, 4), key=DAYS.index)
    box.did("Set-MailboxCalendarConfiguration", WorkDays=", ".join(days).title(), WorkingHoursStartTime="07:30:00",
            WorkingHoursTimeZone="Romance Standard Time", RemindersEnabled=False)  # fmt: skip
    box.offer("workingHours", {"days": list(reversed(days)), "start": "07:30"}, {"days": ["sunday"], "end": "23:00"})
    box.did("Set-MailboxMessageConfiguration", SignatureHtml="<p>Ihr Team</p>", AutoAddSignature=True,
            AlwaysShowBcc=True)  # fmt: skip
    box.offer("signature", "<p>Ihr\n  Team</p>", "<p>Bien à vous,<br>l'équipe</p>")
    _replies(box)


def _replies(box: Box) -> None:
    state = box.chance.choice(("Disabled", "Enabled", "Scheduled"))
    box.part["automaticReplies"] = {"state": state, "audience": "Known", "internal": box.tongue.text, "external": "Dehors"}
    if state == "Scheduled":
        box.part["automaticReplies"] |= {"start": "2026-11-20T08:00:00Z", "end": "2027-03-01T08:00:00Z"}
    same: dict[str, Any] = {"internal": box.tongue.text, "external": "Dehors", "externalAudience": "known"}
    if state != "Scheduled":
        same["state"] = state.lower()
    texts = {"internal": "Nous répondons.", "external": {"html": "<p>Nous  répondons à l'heure.</p>"}}
    holiday = {**PERIOD, "internal": "Fermé", "external": "<p>Fermé jusqu'au 4</p>"}
    only_then = [{"periods": [holiday]}] if state != "Disabled" else []
    box.offer("automaticReplies", same, box.chance.choice([
        *only_then,
        {"state": "enabled" if state != "Enabled" else "disabled", **texts, "periods": [holiday]},
        {"state": "enabled", "externalAudience": "all", **texts, "periods": [{**PERIOD, "external": "Zu"}]},
        {"state": "disabled", "externalAudience": "none", **texts, "periods": [holiday]},
    ]))  # fmt: skip


def _outlook(box: Box) -> None:
    """Categories, folders, search folders, rules, folder permissions."""
    chance, tongue = box.chance, box.tongue
    colours = {name: chance.choice(COLOURS) for name in tongue.categories}
    box.part["categories"] |= colours
    first, second, *_ = tongue.categories
    turned = next(colour for colour in COLOURS if colour != colours[second])
    box.offer("categories", {first.upper(): colours[first]}, {first: colours[first], second: turned, "Neu / été": "green"})
    where = tongue.folders[0]
    box.part["folders"] = {path: {"items": chance.randint(0, 9)} for path in tongue.folders}
    box.part["folders"][f"{where}/caché"] = {"hidden": True}
    box.part["folders"][tongue.folders[1]] = {"properties": {"Binary 0x3019": "qqqqqqqqqqqqqqqqqqqqqg=="}}
    inbox = tongue.folders[2].replace("inbox", "Inbox")
    box.offer("folders", {where.upper(): {}, inbox: {}},
              {f"{where}/Neu/2026": {"retentionTag": "1 Year Delete"}, "Inbox/Réponses": {}, where: {}})  # fmt: skip
    search = {"in": ["inbox", where], "filter": "isRead eq false", "nested": True}
    box.part["searchFolders"] = {"Ungelesen": search, "À eux": {"filter": "importance eq 'high'"}}
    box.offer(
        "searchFolders",
        {"Ungelesen": {"in": ["Inbox", where], "filter": "(isRead  EQ false)", "includeNested": True}},
        {"Ungelesen": {"in": ["Inbox"], "filter": "isRead eq true"}, "Neu": {"in": [where], "filter": "isRead eq false"}},
    )
    _rules(box, where, inbox)
    _folder_permissions(box)


def _rules(box: Box, where: str, inbox: str) -> None:
    one, two, three = box.tongue.words
    sorting = {"name": f"Tri {one}", "conditions": {"subjectContains": [one]}, "actions": {"moveToFolder": where}}
    copying = {"name": "Copie", "conditions": {"fromAddresses": _who("emma")}, "actions": {"forwardTo": _who("alice")}}
    off = {"name": "order", "enabled": False, "conditions": {"bodyContains": [two]}, "actions": {"markAsRead": True}}
    odd = [
        {"name": "Épinglé", "conditions": {"subjectContains": [three]}, "beyond": {"PinMessage": True}},
        {"name": "Kaputt", "conditions": {"subjectContains": [three]}, "actions": {"moveToFolder": "!Weg"}},
        {"name": "Junk E-mail Rule", "hidden": True, "actions": {"moveToFolder": "junkemail"}},
        {"name": "", "hidden": True, "actions": {"redirectTo": ["dieb@ailleurs.example"]}},
        {"name": "Outlook seul", "clientOnly": True, "actions": {"markImportance": "low"}},
    ]
    plain = [sorting, copying, off]
    rules = [*plain, *box.chance.sample(odd, 3)]
    box.chance.shuffle(rules)
    box.part["rules"] = rules
    spread = 1 if box.dense else box.chance.choice((1, 10))
    for number, rule in enumerate(sorted(rules, key=lambda rule: rule.get("hidden", False)), start=1):
        rule["sequence"] = number * spread
    listed = [{name: value for name, value in rule.items() if name != "sequence"} for rule in rules if rule in plain]
    for rule in listed:
        if rule["name"] == sorting["name"]:
            rule["conditions"] = {"subjectContains": [one.upper()]}
    new = {"name": "Neu", "conditions": {"senderContains": ["@banque.example"], "withinSizeRange": {"minimumSize": 10}},
           "exceptions": {"isAutomaticReply": True}, "actions": {"moveToFolder": inbox, "stopProcessingRules": True}}  # fmt: skip
    changed = {**sorting, "actions": {"copyToFolder": "Inbox", "markImportance": "high"}}
    changed.pop("sequence")
    box.offer("rules", listed, [new, changed, *[rule for rule in listed if rule["name"] == "Copie"]])


def _folder_permissions(box: Box) -> None:
    one, two, three, four = _who(*box.chance.sample(PEOPLE, 4))
    held = (
        ("calendar", one, ["Editor"], "Delegate,CanViewPrivateItems"),
        ("calendar", two, ["Reviewer"], None),
        ("inbox", three, ["ReadItems", "FolderVisible", "CreateItems"], None),
        ("sentitems", two, ["Owner"], None),
    )
    box.deeds.append(("Set-MailboxFolderPermission", {"Identity": f"{box.address}:calendar", "User": "Default",
                                                      "AccessRights": ["Reviewer"]}))  # fmt: skip
    for role, who, rights, flags in held:
        extra = {"SharingPermissionFlags": flags} if flags else {}
        box.deeds.append(("Add-MailboxFolderPermission", {"Identity": f"{box.address}:{role}", "User": who,
                                                         "AccessRights": rights, **extra}))  # fmt: skip
    delegate = {"role": "editor", "delegate": True, "seePrivateItems": True}
    box.offer(
        "folderPermissions",
        {"Calendar": {one: delegate, two: "reviewer"}, "SentItems": {two: "owner"}},
        {"Calendar": {"default": "limited-details", one: "editor", four: "author"}, "Inbox": {three: "reviewer"}},
    )


_PARTS: tuple[Callable[[Box], None], ...] = (_identity, _access, _settings, _own, _outlook)
_NEEDS = {"archive": "licence", "litigationHold": "licence"}  # otherwise: nothing to be had without one


def boxes(seed: int) -> list[Box]:
    """Three mailboxes. Whatever the seed, each field is asked to change in one of them."""
    chance = random.Random(seed)
    made = []
    for tongue, name in zip(TONGUES, ("service", "kunden", "support"), strict=True):
        box = Box(f"{name}{DOMAIN}", tongue, chance, dense=bool(seed % 2))
        for part in _PARTS:
            part(box)
        made.append(box)
    fields = list(made[0].same)
    chance.shuffle(fields)
    for number, name in enumerate(fields):
        for at, box in enumerate(made):
            how = "other" if number % 3 == at else chance.choice(("same", "other", "left out"))
            if how != "left out":
                box.written[name] = how
    for box in made:
        for name, need in _NEEDS.items():
            if box.written.get(name) == "other":
                box.written[need] = "other"
        if "claimCategories" in box.written:
            box.written.setdefault("access", "same")
    return made


def scenario(made: list[Box], seed: int) -> str:
    people = {f"{name}{DOMAIN}": {"displayName": f"{name.title()} Martin"} for name in (*PEOPLE, "admin")}
    people[f"sosie{DOMAIN}"] = {"displayName": "Alice Martin"}  # folder permissions show people by that name
    text: str = yaml.safe_dump(
        {
            "tenant": {
                "id": "7f1b2c3d-0000-4000-8000-000000000001", "name": "entreprise",
                "initialDomain": "entreprise.onmicrosoft.com", "domains": ["entreprise.example"],
                "licences": {"EXCHANGEENTERPRISE": 9},
                "organization": {
                    "PostponeRoamingSignaturesUntilLater": True, "RetentionPolicies": ["Support — 1 an"],
                    "OutboundSpamPolicies": [{"AutoForwardingMode": "On"}],
                },
                "quirks": {"denseSequences": bool(seed % 2), "rewriteFilters": bool(seed % 3)},
            },
            "seed": seed,
            "apps": [{
                "clientId": "11111111-0000-4000-8000-000000000001",
                "graph": ["User.Read.All", "User.EnableDisableAccount.All", "GroupMember.Read.All", "Mail.ReadWrite",
                          "LicenseAssignment.ReadWrite.All", "MailboxSettings.ReadWrite"],
            }],
            "people": people,
            "groups": {f"equipe{DOMAIN}": {"type": "security", "members": _who("alice", "bruno")}},
            "mailboxes": {
                **{box.address: {**box.part, "graph": {"usageLocation": "FR"}} for box in made},
                f"autre{DOMAIN}": dict(made[0].part, displayName="Autre", aliases=[], addresses=[], graph={}),
            },
        },
        sort_keys=False, allow_unicode=True,
    )  # fmt: skip
    return text


def lived_in(folder: Path, seed: int) -> tuple[Rig, list[Box]]:
    """The tenant as people left it, and the documents that speak of it."""
    made = boxes(seed)
    documents = {f"{box.address.partition('@')[0]}.yaml": box.document() for box in made}
    rig = make_rig(folder, scenario(made, seed), documents, seed=seed)
    limits = "safety: {maxPeopleLosingAccess: 50, maxShareLosingAccess: 1}\n"
    rig.write("tenant.yaml", TENANT + limits)
    for box in made:
        for cmdlet, parameters in box.deeds:
            rig.poke(cmdlet, **_placed(rig, box, parameters))
        calendar = rig.entry(box.address).stores["folder_permissions"]["calendar"]
        calendar[GONE] = {"rights": ["Reviewer"], "flags": []}  # of somebody whose account was deleted
    return rig, made


def _placed(rig: Rig, box: Box, parameters: dict[str, Any]) -> dict[str, Any]:
    """Folders are named to cmdlets by id: their names differ by language."""
    identity = str(parameters["Identity"])
    if ":" not in identity:
        return parameters
    folder = store.folder_id(rig.entry(box.address), identity.partition(":")[2])
    return {**parameters, "Identity": f"{box.address}:{folder}"}
