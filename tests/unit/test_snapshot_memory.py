"""What the journal remembers goes through a snapshot whole."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

from controller.memory import Awaited, Flap, Memory
from controller.model import Key, Kind
from controller.snapshot import remembered

KEY = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
AT = datetime(2026, 12, 1, 9, 30, 0, 123456, tzinfo=UTC)


def test_every_field_of_it() -> None:
    memory = Memory(
        known=True,
        applied={KEY: {("displayName",): "Support", ("access", "a@entreprise.example", "send-as"): True}},
        settled={KEY: AT},
        auto_mapping={KEY: {"guid": False, "other": None}},
        awaited={"id": Awaited("id", accepted=True, since=AT)},
        object_ids={"object": KEY},
        agreed={KEY: AT},
        born={KEY: AT},
        flapping={"id": Flap("x", AT, None, ("admin@entreprise.example",)), "other": Flap(["y"], AT, AT)},
        suspended={"": "moving — admin"},
    )
    empty = [
        f.name for f in dataclasses.fields(Memory) if getattr(memory, f.name) == getattr(Memory(), f.name)
    ]
    assert empty == [], "a field that this test forgets, a snapshot may forget"
    assert remembered.read(json.loads(json.dumps(remembered.written(memory)))) == memory
