"""The JSON Schema of a plan (draft 2020-12)."""

from __future__ import annotations

from typing import Any

from controller.impact import NAMED, Can, Turn
from controller.model import FORMAT, Action, Cause, Kind, Risk, Severity

_TEXTS = {"type": "array", "items": {"type": "string"}}
_SOURCE = {
    "description": "Where the value was written; null where nothing was.",
    "anyOf": [
        {"type": "null"},
        {
            "type": "object",
            "required": ["file", "line"],
            "additionalProperties": False,
            "properties": {
                "file": {"type": "string", "description": "Relative to the repository root."},
                "line": {"type": "integer", "minimum": 1},
            },
        },
    ],
}


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    shape = {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }
    return {**shape, "description": description} if description else shape


def _one_of(values: Any, description: str) -> dict[str, Any]:
    return {"enum": [str(value) for value in values], "description": description}


def _count(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": description}


_SUMMARY = {
    "create": _count("Mailboxes that are created."),
    "update": _count("Single values, aliases and names that change."),
    "delete": _count("Mailboxes that are deleted."),
    "grant": _count("Rights that are given."),
    "revoke": _count("Rights that are taken."),
    "peopleGaining": _count("Different people who gain reading or sending by what would be done."),
    "peopleLosing": _count("Different people who lose it."),
    "unchanged": _count("Documents in sync."),
    "blocked": _count("Changes that something holds back."),
    "errors": _count("Diagnostics of severity error."),
}
_REQUEST = {
    "api": {"enum": ["exchange", "graph", "dataverse"]},
    "call": {
        "type": "string",
        "description": "A cmdlet, or verb and path. `{address}` stands for an object id not known yet.",
    },
    "parameters": {"type": "object", "description": "The cmdlet's parameters, or the body."},
}
_RESOURCE = {
    "kind": _one_of(Kind, "The kind of document."),
    "address": {"type": "string", "description": "Its address, in lower case."},
}
_PERSON = {
    "who": {"type": "string", "description": "The address; `default` and `anonymous` as in folders."},
    "via": {**_TEXTS, "description": "The groups that lead there, the one named on the mailbox first."},
}
_EFFECT = {
    "effect": _one_of(Turn, "keeps: taken here, left another way. has: given here, and had before."),
    "can": _one_of(Can, "read: everything in the mailbox, or in the folder."),
    "mailbox": {
        "type": ["string", "null"],
        "description": "Its address; null in the last entries: `mailboxes` further ones.",
    },
    "folder": {"type": ["string", "null"], "description": "null: the whole mailbox."},
    "count": {
        "type": ["integer", "null"],
        "minimum": 0,
        "description": "Different people; null: everybody in the organisation, or outside.",
    },
    "people": {
        "type": "array",
        "maxItems": NAMED,
        "items": _object(_PERSON),
        "description": "The first of them in the order of addresses.",
    },
    "unreadGroups": {**_TEXTS, "description": "Groups whose members were not read: these, too."},
    "mailboxes": {"type": "integer", "minimum": 1, "description": "How many mailboxes it speaks of."},
}
_CHANGE = {
    "id": {"type": "string", "description": "KIND/ADDRESS[/FIELD…]: the same in every plan."},
    "resource": _object(_RESOURCE),
    "action": _one_of(Action, "What is done."),
    "field": {"type": "string", "description": "Dotted; empty for the resource itself."},
    "before": {"description": "What the tenant has; null for nothing."},
    "after": {"description": "What it will have; null for nothing."},
    "risk": _one_of(Risk, "medium: somebody loses something. high: mail or a mailbox can be lost."),
    "cause": _one_of(Cause, "Why it differs, as far as the journal can tell."),
    "source": _SOURCE,
    "blockedBy": {**_TEXTS, "description": "Ids of the diagnostics that hold it back."},
    "dependsOn": {**_TEXTS, "description": "Ids of the changes it waits for."},
    "effects": {
        "type": "array",
        "items": _object(_EFFECT),
        "description": "What it means to people, as far as mailboxes and groups were read.",
    },
    "takesEffect": {
        "type": ["string", "null"],
        "description": "When people notice; null for what is no matter of rights. For people to read.",
    },
    "cannotBeUndone": {**_TEXTS, "description": "What the old document would not bring back."},
    "notes": {**_TEXTS, "description": "What a reviewer must know."},
    "requests": {"type": "array", "items": _object(_REQUEST), "description": "Exactly what apply sends."},
}
_DIAGNOSTIC = {
    "id": {"type": "string", "description": "CODE/ADDRESS[/…]: what an Approval names."},
    "code": {"type": "string"},
    "severity": _one_of(Severity, "error: the exit status tells."),
    "message": {"type": "string"},
    "source": _SOURCE,
}
_UPCOMING = {
    "at": {"type": "string", "format": "date-time"},
    "id": {"type": "string", "description": "The id of the change it will be."},
    "action": _one_of(Action, "What will be done."),
}


_HEX = "^[0-9a-f]+$"
_SAVED = {
    "selection": {"type": "object", "description": "Saved plans: which resources were chosen."},
    "specs": {"type": "object", "description": "Saved plans: the spec files by path, as text."},
    "signedBy": {"type": "string", "description": "Signed plans: by this public key.", "pattern": _HEX},
    "signature": {"type": "string", "description": "Signed plans: of the seal.", "pattern": _HEX},
    "seal": {"type": "string", "description": "Saved plans: over all the rest.", "pattern": "^sha256:"},
}


def plan_schema() -> dict[str, Any]:
    """What `mbx plan --format json` prints; `--out` adds what applying it needs."""
    shape = _shape()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plan of mailbox-controller",
        **shape,
        "properties": {**shape["properties"], **_SAVED},
    }


def _shape() -> dict[str, Any]:
    return {
        **_object(
            {
                "format": {"const": FORMAT, "description": "Raised when a reader would have to change."},
                "tenant": {"type": "string"},
                "tenantId": {"type": "string"},
                "commit": {"type": ["string", "null"], "description": "Of the specs; null outside git."},
                "specsDigest": {"type": "string", "pattern": "^sha256:"},
                "observedDigest": {"type": "string", "pattern": "^sha256:"},
                "createdAt": {"type": "string", "format": "date-time"},
                "summary": _object(_SUMMARY),
                "changes": {"type": "array", "items": _object(_CHANGE)},
                "diagnostics": {"type": "array", "items": _object(_DIAGNOSTIC)},
                "upcoming": {"type": "array", "items": _object(_UPCOMING)},
            }
        ),
    }
