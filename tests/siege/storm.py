"""What happens to it: people, commits nobody should trust, weather, signals, forgeries, somebody else's hands."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.siege.estate import INTRUDER, ZONE, Estate, edited, first
from tests.siege.stage import FORGE_SECRET, TENANT, Stage

_POISON = (
    '{"kind": "SharedMailbox", "address": "contact@entreprise.example", "access": {"%s": ["full-access"]}}\n'
)
_WEATHERS = ("fair", "usual", "rough", "throttled", "lossy", "late")
_STEPS = 6  # of each day


@dataclass(frozen=True)
class Version:
    """What was on the branch from then on, and may be applied."""

    at: datetime
    commit: str
    estate: Estate


@dataclass
class Storm:
    stage: Stage
    versions: list[Version] = field(default_factory=list)
    drifts: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, mailbox, who was let in
    jumps: list[tuple[datetime, datetime]] = field(default_factory=list)  # the clock said this, then that
    answers: dict[str, list[int | None]] = field(default_factory=lambda: {"forged": [], "right": []})
    died: list[str] = field(default_factory=list)  # by themselves
    told: list[str] = field(default_factory=list)
    number: int = 0

    def begin(self) -> None:
        self.stage.forge.write("specs/tenant.yaml", TENANT)
        self._publish(first(self.stage.rng))
        for each in self.stage.replicas:
            each.start()

    def days(self, days: int) -> None:
        for _ in range(days):
            self.steps(_STEPS)
            self.weather("fair")
            self._turns()

    def steps(self, number: int) -> None:
        for _ in range(number):
            if self.stage.rng.random() < 0.6:
                self.note(self.commit)
            self.note(self.stage.rng.choice(self._events()))
            self.died += [each.name for each in self.stage.replicas if not each.runs]
            self.stage.nudge()
            self.stage.let_go()
            self._jump(timedelta(hours=24 / _STEPS))

    def note(self, event: Callable[[], None]) -> None:
        self.told.append(f"{self.stage.wall.now():%d %H:%M} {event.__name__}")
        event()

    def weather(self, name: str) -> None:
        self.stage.tenant.ask("POST", "weather", {"name": name})

    def calm(self) -> bool:
        """Fair weather, everybody up, the newest good commit: whether it comes to rest."""
        self.weather("fair")
        self._restore()
        for each in self.stage.replicas:
            if each.process is None or each.process.poll() is not None:
                each.start()
        return self.stage.until(self._at_rest)

    # --- what may happen ------------------------------------------------------------------------------

    def _events(self) -> list[Callable[[], None]]:
        return [
            self.change_weather, self.change_weather, self.kill, self.kill, self.pause, self.stop,
            self.drift, self.drift, self.hooks, self.unsigned, self.by_a_stranger, self.broken,
            self.emptied, self.symlink, self.older, self.branch_gone,
        ]  # fmt: skip

    def commit(self) -> None:
        self.number += 1
        today = self.stage.wall.now().astimezone(ZONE).date()
        self._publish(edited(self.versions[-1].estate, today, self.stage.rng, self.number))

    def change_weather(self) -> None:
        self.weather(self.stage.rng.choice(_WEATHERS))

    def kill(self) -> None:
        each = self.stage.rng.choice(self.stage.replicas)
        self.stage.let_go()
        each.end(signal.SIGKILL)
        each.start()

    def stop(self) -> None:
        each = self.stage.rng.choice(self.stage.replicas)
        came_up = each.listens  # before that, the signal ends it as it ends any process
        code = each.end(signal.SIGTERM)
        if code and (came_up or code != -signal.SIGTERM):
            self.died.append(f"{each.name} (told to stop: exit {code})")
        each.start()

    def pause(self) -> None:
        each = self.stage.rng.choice(self.stage.replicas)
        each.send(signal.SIGSTOP)
        self._jump(timedelta(minutes=self.stage.rng.randrange(1, 90)))
        each.send(signal.SIGCONT)

    def drift(self) -> None:
        """An admin lets somebody in by hand; a mailbox is chosen once, so that nothing flaps."""
        left = sorted({*self.versions[-1].estate.boxes} - {box for _, box, _ in self.drifts})
        left = [box for box in left if not box.startswith("nouvelle")]  # it may not be there yet
        # What nobody looked after yet cannot drift: it is put right as part of the first turn.
        if left and any(line.get("condition") in ("clean", "converged") for line in self.ends()):
            box = self.stage.rng.choice(left)
            self.drifts.append((self.stage.wall.now(), box, INTRUDER))
            self.stage.tenant.poke(
                "Add-MailboxPermission", Identity=box, User=INTRUDER, AccessRights=["FullAccess"]
            )

    def hooks(self) -> None:
        self.answers["forged"] += [self.stage.hook("a guess") for _ in range(5)]
        self.answers["right"].append(self.stage.hook(FORGE_SECRET))

    def unsigned(self) -> None:
        self._bad("specs/contact.yaml", _POISON % INTRUDER, "--no-gpg-sign")

    def by_a_stranger(self) -> None:
        self._bad("specs/contact.yaml", _POISON % INTRUDER, f"--gpg-sign={self.stage.forge.top / 'mallory'}")

    def broken(self) -> None:
        self._bad("specs/contact.yaml", "kind: SharedMailbox\naddress: [nobody\n")

    def emptied(self) -> None:
        forge = self.stage.forge
        forge.git("rm", "--quiet", "-r", "specs")
        self._push_bad()

    def symlink(self) -> None:
        """Signed by one who may, and it leads out of the repository."""
        place = self.stage.forge.desk / "specs" / "contact.yaml"
        outside = self.stage.folder / "outside.yaml"
        outside.write_text(_POISON % INTRUDER)
        place.unlink()
        place.symlink_to(outside)
        self._push_bad()

    def older(self) -> None:
        """The branch goes back to what it was; what was given up must not come back."""
        if len(self.versions) > 1:
            self._head(self.stage.rng.choice(self.versions[:-1]).commit)
            self._seen()
            self._restore()

    def branch_gone(self) -> None:
        bare, head = self.stage.forge.bare, self.versions[-1].commit
        self.stage.forge.git("update-ref", "-d", "refs/heads/main", at=bare)
        self._seen()
        self._head(head)

    # --- how ----------------------------------------------------------------------------------------

    def _publish(self, estate: Estate) -> None:
        for name, text in estate.files():
            self.stage.forge.write(f"specs/{name}", text)
        at = self.stage.wall.now()
        commit = self.stage.forge.commit(f"Change {self.number}")
        self.versions.append(Version(at, commit, estate))

    def _bad(self, name: str, text: str, *options: str) -> None:
        self.stage.forge.write(name, text)
        self._push_bad(*options)

    def _push_bad(self, *options: str) -> None:
        self.stage.forge.commit("Not to be applied", *options)
        self._seen()
        self._restore()

    def _seen(self) -> None:
        self.stage.nudge()
        self.stage.let_go()

    def _restore(self) -> None:
        forge, good = self.stage.forge, self.versions[-1].commit
        forge.git("reset", "--quiet", "--hard", good)
        forge.git("clean", "--quiet", "-fd")
        self._head(good)

    def _head(self, commit: str) -> None:
        self.stage.forge.git(
            "push", "--quiet", "--force", str(self.stage.forge.bare), f"{commit}:refs/heads/main"
        )

    def _jump(self, by: timedelta) -> None:
        was = self.stage.wall.now()
        self.stage.wall.jump(by)
        self.jumps.append((was, self.stage.wall.now()))

    def _turns(self) -> None:
        """A cycle begins and ends after this."""
        cycles = self.stage.ended()
        self.stage.nudge()
        self.stage.until(lambda: self.stage.ended() > cycles + 1, 30)

    def _at_rest(self) -> bool:
        """The newest cycle of any replica is of the newest commit, and left nothing."""
        self.stage.nudge()
        cycles = self.stage.ended()
        self.stage.until(lambda: self.stage.ended() > cycles, 20)
        good = [line for line in self.ends() if line.get("commit") == self.versions[-1].commit]
        return any(line.get("condition") == "clean" for line in good[-2:])

    def ends(self) -> list[dict[str, Any]]:
        """Of every turn of every replica, its one line."""
        return [
            line for each in self.stage.replicas for line in each.lines() if line["event"] == "cycle.ended"
        ]
