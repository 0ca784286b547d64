"""`mbx schema`: the JSON Schema of a document, for editors, or of a plan, for pipelines."""

from __future__ import annotations

import json

import click

_EXAMPLES = """\b
Examples:
  mbx schema > schemas/spec.schema.json      then, as first line of a document:
      # yaml-language-server: $schema=../schemas/spec.schema.json
  mbx schema --plan                          of `mbx plan --format json`
"""


@click.command("schema", epilog=_EXAMPLES)
@click.option("--plan", is_flag=True, help="The schema of a plan's JSON instead.")
def command(*, plan: bool) -> int:
    """Prints the JSON Schema (draft 2020-12) of the documents in a specs folder, or of a plan."""
    click.echo(json.dumps(_schema(plan=plan), ensure_ascii=False, indent=2))
    return 0


def _schema(*, plan: bool) -> object:
    if plan:
        from controller.report import plan_schema  # noqa: PLC0415 - each of the two is slow to import

        return plan_schema()
    from controller.spec import json_schema  # noqa: PLC0415

    return json_schema()
