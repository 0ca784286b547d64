"""What stands in deploy/ fits the program and itself: settings, probes, alerts; held to the tools where they are here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.cli.run import command as run
from controller.settings import Settings
from controller.web.probes import ROUTES

DEPLOY = Path(__file__).parents[2] / "deploy"
BASE = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OVERLAY = sorted((DEPLOY / "kubernetes-postgresql").glob("*.yaml"))
DASHBOARD = DEPLOY / "grafana-dashboard.json"
RULES = DEPLOY / "prometheus-rules.yaml"
promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed"
)


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [one for path in BASE for one in documents(path) if one["kind"] == kind]
    return found


def container() -> dict[str, Any]:
    (found,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def test_each_file_is_named_by_its_kustomization_and_each_name_is_a_file() -> None:
    by_hand = {"kustomization.yaml", "prometheus-operator.yaml"}
    for folder in ("kubernetes", "kubernetes-postgresql"):
        (listed,) = documents(DEPLOY / folder / "kustomization.yaml")
        named = {*listed["resources"], *(patch["path"] for patch in listed.get("patches", ()))}
        assert {name for name in named if name.endswith(".yaml")} == {
            path.name for path in (DEPLOY / folder).glob("*.yaml")
        } - by_hand
        for name in named:
            assert (DEPLOY / folder / name).exists()


def test_the_root_is_read_only_and_what_is_written_has_a_place() -> None:
    pod = of_kind("Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["mountPath"] for mount in container()["volumeMounts"] if not mount.get("readOnly")}
    assert mounts == {"/var/lib/mailbox-controller", "/tmp"}
    assert {mount["name"] for mount in container()["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }


def test_a_stop_has_more_time_than_the_write_in_hand() -> None:
    deadline = Settings.model_fields["stop_deadline"].default.total_seconds()
    assert of_kind("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > deadline
    (compose,) = documents(DEPLOY / "compose.yaml")
    assert int(compose["services"]["mbx"]["stop_grace_period"].removesuffix("s")) > deadline
    unit = (DEPLOY / "systemd" / "mailbox-controller.service").read_text("utf-8")
    assert int(re.findall(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)[0]) > deadline


def test_what_it_is_called_with_exists() -> None:
    known = {option for parameter in run.params for option in parameter.opts}
    given = set(container()["args"])
    (compose,) = documents(DEPLOY / "compose.yaml")
    given |= set(compose["services"]["mbx"]["command"])
    given |= set(
        (DEPLOY / "systemd" / "mailbox-controller.service")
        .read_text("utf-8")
        .split("ExecStart=")[1]
        .splitlines()[0]
        .split()
    )
    assert {word for word in given if word.startswith("--")} <= known
    settings = of_kind("ConfigMap")["data"]
    assert {word[2:-1] for word in container()["args"] if word.startswith("$(")} <= settings.keys()
    texts = [
        path.read_text("utf-8")
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.parent.name != "pipelines"
    ]
    named = set(re.findall(r"\bMBX_[A-Z_]+\b", "".join(texts)))
    assert named - {f"MBX_{name.upper()}" for name in Settings.model_fields} == set()


def test_probes_ask_what_is_answered() -> None:
    paths = {route.path for route in ROUTES}
    assert {container()[f"{probe}Probe"]["httpGet"]["path"] for probe in ("liveness", "readiness")} <= paths
    monitor, _ = documents(DEPLOY / "kubernetes" / "prometheus-operator.yaml")
    assert {endpoint["path"] for endpoint in monitor["spec"]["endpoints"]} <= paths


def test_the_operators_alerts_are_the_same() -> None:
    _, rule = documents(DEPLOY / "kubernetes" / "prometheus-operator.yaml")
    (rules,) = documents(RULES)
    assert rule["spec"] == rules


def test_each_alert_is_documented_and_no_other() -> None:
    (rules,) = documents(RULES)
    page = (DEPLOY.parent / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert set(re.findall(r"`(Mailbox\w+)`", page)) == {rule["alert"] for rule in rules["groups"][0]["rules"]}


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_the_dashboard_has_no_panel_over_another() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


@promtool
def test_prometheus_takes_the_alerts_and_they_fire_when_they_should(tmp_path: Path) -> None:
    subprocess.run(
        ["promtool", "test", "rules", "prometheus-rules.test.yaml"], cwd=DEPLOY, check=True, timeout=60
    )
    asked = [text.replace("$tenant", ".*").replace("$__rate_interval", "5m") for text in expressions()]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(asked)]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    subprocess.run(["promtool", "check", "rules", path], check=True, timeout=60)
