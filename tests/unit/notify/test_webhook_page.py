"""The page about the webhook says what is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from controller.notify.webhook import SCHEMA

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "webhook.md").read_text("utf-8")


def test_its_example_is_as_the_schema_says() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    jsonschema.validate(json.loads(example), SCHEMA)


def test_every_field_is_described() -> None:
    told = set(re.findall(r"`([\w\[\].]+)`", PAGE))
    fields = set(SCHEMA["properties"]) | {
        f"news[].{name}" for name in SCHEMA["properties"]["news"]["items"]["properties"]
    }
    assert fields - told - {"news[].id"} == set()
