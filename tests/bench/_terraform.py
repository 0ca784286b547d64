"""`terraform plan` of as many unchanged resources: `terraform_data`, which is built in and asks nobody.

So terraform is spared what a provider costs, and all that a plan of ours reads over the network. The state
is written as an apply leaves it, for applying 10,000 takes terraform the better part of an hour; that
nothing is to change, and so that the state is right, is terraform's own word (`-detailed-exitcode` is 0).
"""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from tests.bench._measure import Used, run

_SETTINGS = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
_TYPE = ["object", {"address": "string", "displayName": "string"}]


def plan(folder: Path, count: int) -> Used | None:
    """None where terraform is not installed."""
    program = shutil.which("terraform")
    if program is None:
        return None
    version = json.loads(run((program, "version", "-json"), settings=_SETTINGS).output)["terraform_version"]
    folder.mkdir()
    (folder / "main.tf").write_text("".join(_block(number) for number in range(count)))
    state = {
        "version": 4,
        "terraform_version": version,
        "serial": 1,
        "lineage": str(uuid.UUID(int=count)),
        "outputs": {},
        "resources": [_resource(number) for number in range(count)],
        "check_results": None,
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    run((program, "init", "-input=false", "-no-color"), settings=_SETTINGS, folder=folder)
    command = (program, "plan", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode")
    return run(command, settings=_SETTINGS, folder=folder)


def _block(number: int) -> str:
    return (
        f'resource "terraform_data" "mailbox_{number}" {{\n'
        f'  input = {{ address = "mailbox-{number}@contoso.example", displayName = "Mailbox {number}" }}\n}}\n'
    )


def _resource(number: int) -> dict[str, Any]:
    value = {"address": f"mailbox-{number}@contoso.example", "displayName": f"Mailbox {number}"}
    attributes = {
        "id": str(uuid.UUID(int=number)),
        "input": {"value": value, "type": _TYPE},
        "output": {"value": value, "type": _TYPE},
        "triggers_replace": None,
    }
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": f"mailbox_{number}",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }
