"""Every form of a plan: complete or honest about what is cut, and nothing of a stranger's breaks out of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest

from controller.model import Risk
from controller.report import FORMATS, plan_schema
from controller.report.annotations import as_github, as_gitlab
from controller.report.as_json import document
from controller.report.escape import code, prose
from controller.report.html import as_html
from controller.report.markdown import AZURE, GITHUB, GITLAB, as_markdown, render
from controller.report.sarif import as_sarif
from controller.report.text import as_text
from tests.plans import HOSTILE, hostile, plan_of, sized

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_steers_a_terminal_or_turns_writing_around_comes_through(form: str) -> None:
    if form != "json":  # data: kept as it is, and escaped by whoever prints it
        assert not STEERING.search(FORMATS[form](hostile()))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("number", [0, 1, 40])
def test_the_same_plan_gives_the_same_bytes(form: str, number: int) -> None:
    assert FORMATS[form](sized(number)) == FORMATS[form](sized(number))


def test_the_json_of_every_plan_is_as_its_schema_says() -> None:
    for plan in (sized(40), hostile()):
        jsonschema.validate(document(plan), plan_schema())


# --- Markdown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 50, 1_000, 3_000, GITHUB, AZURE, GITLAB])
def test_a_comment_never_is_longer_than_it_may_be(limit: int) -> None:
    for plan in (sized(0), sized(40), sized(2_000), hostile()):
        assert len(render(plan, limit).encode()) <= max(limit, 0)


def test_what_a_comment_leaves_out_is_counted_to_the_last() -> None:
    plan = sized(4_000)
    text = render(plan, 20_000)
    cut = re.search(
        r"Not shown here: ([\d,]+) mailboxes with ([\d,]+) changes \(([\d,]+) of medium risk\)", text
    )
    assert cut is not None
    mailboxes, changes, medium = (int(each.replace(",", "")) for each in cut.groups())
    shown = set(re.findall(r"equipe-\d{4}@", text.partition("<summary>Findings")[0]))
    assert mailboxes == 1_000 - len(shown)
    assert changes == 4 * mailboxes
    assert 0 < medium < sum(1 for change in plan.changes if change.risk is Risk.MEDIUM)
    assert "mbx plan --format html" in text


def test_the_most_dangerous_comes_first_and_many_mailboxes_take_a_line_each() -> None:
    text = as_markdown(sized(400))
    lines = [line for line in text.splitlines() if re.match(r"- 🟠|- 🟢|<details><summary>🔴", line)]
    assert "zzz-ancienne@entreprise.example" in lines[0]
    assert len(lines) == 101
    assert text.count("<details>") == text.count("</details>") == 3  # the deletion, findings, what is coming
    few = as_markdown(sized(8))
    assert few.count("<details><summary>🟠") == 2


def test_a_code_span_holds_whatever_is_in_it() -> None:
    for text in HOSTILE:
        span = code(text)
        assert "\n" not in span
        if text.strip():
            fence = re.match("`+", span)
            assert fence is not None
            inner = span[len(fence[0]) : -len(fence[0])]
            assert span.endswith(fence[0])
            assert fence[0] not in re.findall("`+", inner)


def test_a_sentence_neither_mentions_nor_links_nor_marks_up() -> None:
    for text in HOSTILE:
        shown = prose(text)
        assert "<" not in shown
        assert "\n" not in shown
        assert not re.search(r"(?<!\w)@\w", shown)
        assert not re.search(r"://|(?<!\\)[`*_\[\]|~]", shown.replace(":\u2060//", ""))
        assert "www." not in shown


def test_no_strangers_line_becomes_a_line_of_the_comment() -> None:
    """Each line begins with something of ours: so none is a heading, a list, a quick action of anybody else."""
    ours = re.compile(
        r"## Mailbox plan of |### Must|- |  - |<details><summary>|</details>|Commit |Rights |\*\*|\d|$"
    )
    assert [line for line in as_markdown(hostile()).splitlines() if not ours.match(line)] == []
    text = re.sub(r"(`+)(?!`)[^\n]*?(?<!`)\1(?!`)", "", render(hostile(), GITLAB))  # without the code spans
    assert text.count("<details>") == text.count("</details>") > 10
    assert "<script" not in text
    assert set(re.findall(r"</?\w+", text)) == {
        "<details",
        "<summary",
        "</summary",
        "</details",
        "<code",
        "</code",
    }


# --- HTML ---------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    return parser


def test_a_page_asks_nobody_for_anything_and_runs_only_its_own_script() -> None:
    page = outline(as_html(hostile()))
    names = {name for tag, attributes in page.tags for name in attributes}
    assert not any(name.startswith("on") for name in names)
    assert not {"src", "href", "action", "style"} & names
    assert [tag for tag, _ in page.tags].count("script") == 1
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_page_has_every_change_and_finding() -> None:
    plan = sized(400)
    page = outline(as_html(plan))
    words = "\n".join(page.words)
    assert all(change.key.address in words for change in plan.changes)
    assert all(finding.id in words for finding in plan.findings)
    assert sum(1 for tag, attributes in page.tags if tag == "li" and "data-risk" in attributes) == len(
        plan.changes
    )


# --- annotations --------------------------------------------------------------------------------------


def test_a_workflow_command_is_one_line_with_its_place() -> None:
    lines = as_github(sized(8)).splitlines()
    assert lines[0].startswith("::warning file=mailboxes/equipe-0000.yaml,line=5,col=3,title=")
    command = re.compile(r"::(error|warning|notice) (file=[^,:]*,line=\d+,col=\d+,)?title=[^,:]*::[^\r\n]+")
    for line in (*lines, *as_github(hostile()).splitlines()):
        assert command.fullmatch(line), line


def test_what_stands_on_one_line_makes_one_annotation() -> None:
    plan = sized(40)
    places = {(c.origin.path, c.origin.line) for c in plan.changes if c.origin}
    found = re.findall(r"file=([^,]*),line=(\d+),", as_github(plan))
    assert sorted(found) == sorted((path, str(line)) for path, line in places)


def test_a_code_quality_report_has_what_gitlab_asks_for_and_stable_unique_fingerprints() -> None:
    for plan in (sized(40), hostile()):
        entries = json.loads(as_gitlab(plan))
        assert len(entries) == len(plan.changes) + len(plan.findings)
        marks = [entry["fingerprint"] for entry in entries]
        assert len(set(marks)) == len(marks)
        for entry in entries:
            assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
            assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
            assert entry["location"]["lines"]["begin"] >= 1
            assert "\n" not in entry["description"]
    whole = sized(40)
    fewer = plan_of(whole.changes[5:])
    marks_of = {e["description"]: e["fingerprint"] for e in json.loads(as_gitlab(whole))}
    assert all(marks_of[e["description"]] == e["fingerprint"] for e in json.loads(as_gitlab(fewer)))


_TEXT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string"}},
}
SARIF: dict[str, Any] = {
    # What SARIF 2.1.0's schema says of the parts that are used here, and what GitHub asks for besides.
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "items": {
            "type": "object", "required": ["tool", "results"], "additionalProperties": False,
            "properties": {
                "tool": {"type": "object", "required": ["driver"], "additionalProperties": False, "properties": {
                    "driver": {"type": "object", "required": ["name", "rules"], "additionalProperties": False, "properties": {
                        "name": {"type": "string"}, "version": {"type": "string"},
                        "rules": {"type": "array", "uniqueItems": True, "items": {
                            "type": "object", "required": ["id"], "additionalProperties": False,
                            "properties": {"id": {"type": "string"}, "shortDescription": _TEXT}}}}}}},
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "originalUriBaseIds": {"type": "object"},
                "invocations": {"type": "array", "items": {
                    "type": "object", "required": ["executionSuccessful"], "additionalProperties": False,
                    "properties": {"executionSuccessful": {"type": "boolean"}, "toolExecutionNotifications": {
                        "type": "array", "items": {
                            "type": "object", "required": ["message"], "additionalProperties": False,
                            "properties": {"message": _TEXT, "level": {"enum": ["none", "note", "warning", "error"]},
                                           "associatedRule": {"type": "object", "required": ["id"]}}}}}}},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message", "locations", "ruleId"], "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0},
                        "level": {"enum": ["none", "note", "warning", "error"]}, "message": _TEXT,
                        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                        "properties": {"type": "object"},
                        "locations": {"type": "array", "minItems": 1, "items": {
                            "type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": {
                                "type": "object", "required": ["artifactLocation", "region"], "properties": {
                                    "artifactLocation": {"type": "object", "required": ["uri"], "properties": {
                                        "uri": {"type": "string", "pattern": r"^[\w./~%-]+$"}, "uriBaseId": {"type": "string"}}},
                                    "region": {"type": "object", "required": ["startLine"], "properties": {
                                        "startLine": {"type": "integer", "minimum": 1},
                                        "startColumn": {"type": "integer", "minimum": 1}}}}}}}}}}},
            }}},
    },
}  # fmt: skip


def test_sarif_is_as_its_standard_and_github_want_it() -> None:
    for plan in (sized(0), sized(40), hostile()):
        whole = json.loads(as_sarif(plan))
        jsonschema.validate(whole, SARIF)
        (run,) = whole["runs"]
        placed = [one for one in (*plan.changes, *plan.findings) if one.origin]
        assert len(run["results"]) == len(placed)
        told = run["invocations"][0]["toolExecutionNotifications"]
        assert len(told) == sum(1 for finding in plan.findings if not finding.origin)
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
        messages = [one["message"]["text"] for one in (*run["results"], *told)]
        assert not any(re.search(r"\]\(|\{\d", message) for message in messages)


# --- text ---------------------------------------------------------------------------------------------


def test_a_plan_in_a_terminal_speaks_of_people() -> None:
    text = as_text(sized(40))
    assert "12 people gain reading, via groupe-5: membre-00, membre-01" in text
    assert "cannot be undone: after about 30 days" in text
    assert "Rights reach people within minutes to about an hour after apply." in text
