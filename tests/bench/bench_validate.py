"""What validating many documents costs, beside a bare `yaml.load(bytes, CSafeLoader)` of the same bytes.

Once with a file for each document, once with all documents in one file. `mbx validate` is the whole command;
`load` is reading and checking alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from controller.spec import load
from tests.bench._measure import MBX, options, run

TENANT = (
    "kind: Tenant\nname: entreprise\ntenantId: 7f1b2c3d-0000-4000-8000-000000000001\ntimeZone: Europe/Paris\n"
)
DOCUMENT = """\
# Boîte {n}
kind: SharedMailbox
address: boite-{n}@entreprise.example
displayName: Boîte {n}
labels: {{team: equipe-{n}, costCentre: "4711"}}
aliases: [alias-{n}@entreprise.example, info-{n}@entreprise.example]
hiddenFromAddressLists: false
access:
  equipe-{n}@entreprise.example: [full-access, send-as]
  alice@entreprise.example: [full-access, send-as, send-on-behalf]
  bruno@entreprise.example:
    rights: [full-access]
    autoMapping: false
  prestataire@partenaire.example:
    rights: [full-access, send-as]
    from: 2026-12-01
    until: 2027-01-31
    reason: Remplacement congé — TICKET-{n}
sentItems: {{copySentAs: true, copySentOnBehalf: true}}
signInBlocked: true
"""


def write(folder: Path, count: int, *, together: bool) -> None:
    (folder / "tenant.yaml").write_text(TENANT, "utf-8")
    texts = [DOCUMENT.format(n=n) for n in range(count)]
    if together:
        (folder / "mailboxes.yaml").write_text("---\n".join(texts), "utf-8")
        return
    for number, text in enumerate(texts):
        part = folder / f"{number // 100:03}"
        part.mkdir(exist_ok=True)
        (part / f"{number}.yaml").write_text(text, "utf-8")


def bare(folder: Path) -> None:
    for path in sorted(folder.rglob("*.yaml")):
        list(yaml.load_all(path.read_bytes(), yaml.CSafeLoader))


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    chosen = options(__doc__)
    count = max(chosen.sizes)
    print(f"{count:,} documents, processor time")
    for together in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, count, together=together)
            whole = min(run((*MBX, "validate", name), settings={}).cpu for _ in range(chosen.repeat))
            parse = min(timed(partial(bare, folder)) for _ in range(chosen.repeat))
            full = min(timed(partial(load, folder)) for _ in range(chosen.repeat))
        layout = "all in one file" if together else "a file for each"
        print(
            f"  {layout:<16} yaml.load {parse:5.2f} s   load {full:5.2f} s ({full / parse:.1f} times that)"
            f"   mbx validate {whole:5.2f} s ({whole / parse:.1f} times)"
        )


if __name__ == "__main__":
    main()
