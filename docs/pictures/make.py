"""Draws plan.svg, what `mbx plan` prints in a terminal for the example estate, and page.png, what `mbx run`
shows of one mailbox of it.

The estate was applied; then somebody changed three things by hand, and somebody joins in git. Nothing is
made up: a sandbox is started, the plan runs under a pseudo-terminal so that colours are on, and its bytes
become an SVG; the page is looked at in Chromium. Run `python docs/pictures/make.py` after a change to the
plan's text or to the page.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SPECS: Final = HERE.parent.parent / "specs"
COLUMNS: Final = 118
COMMAND: Final = "mbx plan --target support@entreprise.example"
SUPPORT: Final = "support@entreprise.example"
BY_HAND: Final = (
    f"grant {SUPPORT} intrus@entreprise.example full-access",
    f"revoke {SUPPORT} bruno@entreprise.example send-as",
    f"Set-Mailbox Identity={SUPPORT} MessageCopyForSentAsEnabled=false",
)
IN_GIT: Final = (
    "access:\n  stagiaire@entreprise.example: {rights: [full-access, send-as], until: 2027-06-30}\n"
)

# Of a character, in pixels; textLength makes any viewer's monospace font keep to it.
WIDTH, LINE, MARGIN, BAR = 8.0, 19, 20, 34
TINTS: Final = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff", "2": "#8b949e"}
_GROUP: Final = re.compile(r"\S+(?: \S+)*")
_CODE: Final = re.compile(r"\x1b\[([\d;]*)m")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, story(Path(name)) as (mbx, environ):
        folder = Path(name)
        lines = on_a_terminal([*mbx, *COMMAND.split()[1:]], folder, environ)
        (HERE / "plan.svg").write_text(
            drawn([f"\x1b[2m$\x1b[0m \x1b[1m{COMMAND}\x1b[0m", *lines]), encoding="utf-8"
        )
        photograph(mbx, folder, environ)


@contextmanager
def story(folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """How to call `mbx`, in a folder that holds the example estate and a sandbox's settings."""
    shutil.copytree(SPECS, folder / "specs")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MBX_", "NO_COLOR"))}
    environ |= {"TERM": "xterm-256color", "MBX_STATE_URL": f"sqlite:///{folder / 'journal.db'}"}
    mbx = [sys.executable, "-m", "controller"]
    sandbox = subprocess.Popen(  # noqa: S603 -- ourselves
        [*mbx, "sandbox", "--env-file", ".env", "--tls-folder", "tls"], cwd=folder, env=environ,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not (folder / ".env").exists():
            if sandbox.poll() is not None:
                raise SystemExit("the sandbox did not come up")
            time.sleep(0.1)
        _until_then(mbx, folder, environ)
        yield mbx, environ
    finally:
        sandbox.terminate()
        sandbox.wait()


def _until_then(mbx: list[str], folder: Path, environ: dict[str, str]) -> None:
    """What happened before the plan that is drawn."""
    poke = ["sandbox", "poke", "--as", "admin@entreprise.example"]
    for words in (["apply", "--yes"], *([*poke, *each.split()] for each in BY_HAND)):
        subprocess.run(  # noqa: S603 -- ourselves
            [*mbx, *words], cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL
        )
    spec = folder / "specs" / "mailboxes" / "support.yaml"
    spec.write_text(spec.read_text("utf-8").replace("access:\n", IN_GIT, 1), encoding="utf-8")


def photograph(mbx: list[str], folder: Path, environ: dict[str, str]) -> None:
    """The page of the support mailbox, once `mbx run` has looked; the specs are in git, with a forge."""
    tenant = folder / "specs" / "tenant.yaml"
    tenant.write_text(tenant.read_text("utf-8").replace("mode: apply", "mode: report"), encoding="utf-8")
    me = ("-c", "user.name=Alice", "-c", "user.email=alice@entreprise.example")
    for words in (
        ["init", "-q"], ["remote", "add", "origin", "https://github.com/entreprise/mail.git"],
        ["add", "specs"], [*me, "commit", "-q", "-m", "Renfort de printemps"],
    ):  # fmt: skip
        subprocess.run(["git", *words], cwd=folder, check=True)  # noqa: S603, S607 -- a repository of our own
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    running = subprocess.Popen(  # noqa: S603 -- ourselves
        [*mbx, "run", "--listen", place], cwd=folder, env=environ, stderr=subprocess.DEVNULL
    )
    try:
        _shoot(f"http://{place}", HERE / "page.png")
    finally:
        running.terminate()
        running.wait()


def _shoot(address: str, picture: Path) -> None:
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 -- the terminal needs it not

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 960, "height": 1180})
        for _ in range(300):
            with suppress(Error):
                answer = page.goto(f"{address}/readyz")
                if answer is not None and answer.ok:
                    break
            time.sleep(0.1)
        page.goto(f"{address}/t/entreprise/mailboxes/{SUPPORT}")
        page.screenshot(path=picture)
        browser.close()


def on_a_terminal(argv: list[str], folder: Path, environ: dict[str, str]) -> list[str]:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(  # noqa: S603 -- ourselves
        argv, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    with running:
        os.close(theirs)
        text = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    if running.returncode != 0:
        raise SystemExit(text.decode())
    return text.decode().replace("\r\n", "\n").rstrip("\n").split("\n")


def _read(source: int) -> bytes:
    try:
        return os.read(source, 65536)
    except OSError:  # EIO: the other end is closed
        return b""


def drawn(lines: list[str]) -> str:
    rows = [row for line in lines for row in wrapped(runs(line))]
    width, height = COLUMNS * WIDTH + 2 * MARGIN, BAR + len(rows) * LINE + MARGIN
    texts = "\n".join(_row(row, BAR + (index + 1) * LINE) for index, row in enumerate(rows))
    dots = "".join(
        f'<circle cx="{MARGIN + n * 20}" cy="18" r="6" fill="{tint}"/>'
        for n, tint in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" '
        f'height="{height}" role="img" aria-label="The plan of one mailbox in a terminal">\n'
        f'<rect width="100%" height="100%" rx="10" fill="#0d1117"/>{dots}\n'
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" "
        f'font-size="13" fill="#e6edf3">\n{texts}\n</g>\n</svg>\n'
    )


Run = tuple[str, str]  # text, and the SGR codes it stands under


def runs(line: str) -> list[Run]:
    found, code, at = [], "", 0
    for match in _CODE.finditer(line):
        found.append((line[at : match.start()], code))
        code, at = ("" if match[1] in ("", "0") else match[1]), match.end()
    return [run for run in (*found, (line[at:], code)) if run[0]]


def wrapped(line: list[Run]) -> Iterator[list[Run]]:
    """As a terminal breaks lines: at its edge, but between words where there are any."""
    plain = "".join(text for text, _ in line)
    codes = [code for text, code in line for _ in text]
    indent = len(plain) - len(plain.lstrip())
    while len(plain) > COLUMNS:
        cut = plain.rfind(" ", indent + 1, COLUMNS) + 1 or COLUMNS
        yield _packed(plain[:cut].rstrip(), codes)
        plain, codes = " " * indent + plain[cut:], [""] * indent + codes[cut:]
    yield _packed(plain, codes)


def _packed(plain: str, codes: list[str]) -> list[Run]:
    packed: list[Run] = []
    for character, code in zip(plain, codes, strict=False):
        if packed and packed[-1][1] == code:
            packed[-1] = (packed[-1][0] + character, code)
        else:
            packed.append((character, code))
    return packed


def _row(row: list[Run], y: int) -> str:
    """Every word group stands where its column is, whatever the viewer's font makes of spaces."""
    spans, column = [], 0
    for text, code in row:
        spans += [_span(part[0], code, column + part.start(), y) for part in _GROUP.finditer(text)]
        column += len(text)
    return "".join(spans)


def _span(text: str, code: str, column: int, y: int) -> str:
    parts = code.split(";") if code else []
    tint = next((f' fill="{TINTS[part]}"' for part in parts if part in TINTS), "")
    bold = ' font-weight="bold"' if "1" in parts else ""
    x, length = MARGIN + column * WIDTH, len(text) * WIDTH
    return f'<text x="{x:g}" y="{y}" textLength="{length:g}"{tint}{bold}>{escape(text, quote=False)}</text>'


if __name__ == "__main__":
    main()
