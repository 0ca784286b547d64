"""How long validating 10,000 documents takes, against a bare `yaml.load(bytes, CSafeLoader)` of the same.

Run `python tests/bench/bench_validate.py [DOCUMENTS]`; it prints both times and their ratio (goal: below 4),
once with a file for each document and once with all documents in one file.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from controller.spec import load

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
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for together in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, count, together=together)
            parse = min(timed(lambda: bare(folder)) for _ in range(2))  # noqa: B023
            full = min(timed(lambda: load(folder)) for _ in range(2))  # noqa: B023
        layout = "in one file" if together else "in files of their own"
        times = f"yaml.load {parse:.2f} s, load {full:.2f} s, ratio {full / parse:.2f}"
        print(f"{count} documents {layout}: {times}")


if __name__ == "__main__":
    main()
