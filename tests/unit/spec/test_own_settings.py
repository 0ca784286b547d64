"""What a document may say of replies, regional settings, working hours and the signature."""

from __future__ import annotations

import pytest

HEAD = "kind: SharedMailbox\naddress: support@entreprise.example\n"
REPLIES = HEAD + "automaticReplies: {%s}\n"
PERIOD = "{name: Fêtes, from: 2026-12-24, until: 2026-12-26%s}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (REPLIES % "state: scheduled", "expected one of enabled, disabled; got 'scheduled'"),
        (REPLIES % "externalAudience: everybody", "expected one of all, known, none"),
        (
            REPLIES % "state: enabled, externalAudience: all, internal: x",
            "'externalAudience: all' sends people outside a text, and there is none",
        ),
        (
            REPLIES % "state: enabled, externalAudience: known, internal: x",
            "'externalAudience: known' sends people outside a text",
        ),
        (REPLIES % "internal: {text: a, html: b}", "expected exactly one of text, html, file"),
        (REPLIES % "internal: {}", "expected exactly one of text, html, file"),
        (REPLIES % "internal: ''", "empty text"),
        (REPLIES % "internal: {txt: a}", "unknown field 'txt' — did you mean 'text'?"),
        (REPLIES % "internal: 4", "a mapping"),
        (HEAD + "automaticReplies:\n  internal:\n", "'internal' has nothing after it"),
        (
            REPLIES % f"internal: x, periods: [{PERIOD % ''}]",
            "'periods' needs 'state': say whether replies are enabled or disabled outside them",
        ),
        (
            REPLIES % f"state: disabled, periods: [{PERIOD % ''}]",
            "'Fêtes' turns replies on, and there is no internal text: write 'internal'",
        ),
        (
            REPLIES % f"externalAudience: all, periods: [{PERIOD % ', internal: x'}]",
            "'Fêtes' turns replies on, and there is no external text for externalAudience: all",
        ),
        (
            REPLIES
            % f"state: enabled, internal: x, externalAudience: none, periods: [{PERIOD % ', external: y'}]",
            "replies stay enabled after 'Fêtes', and there is no external text to go back to",
        ),
        (
            REPLIES
            % "periods: [{name: Fêtes, from: 2026-12-24T18:00, until: 2026-12-24T18:00, internal: x}]",
            "'until' (2026-12-24T18:00:00) is not after 'from' (2026-12-24T18:00:00)",
        ),
        (
            REPLIES
            % f"state: disabled, internal: x, periods: [{PERIOD % ''}, {{name: Noël, from: 2026-12-25, until: 2026-12-25}}]",
            "'Noël' overlaps 'Fêtes': only one can be in place",
        ),
        (
            REPLIES
            % f"state: disabled, internal: x, periods: [{PERIOD % ''}, {{name: FÊTES, from: 2027-12-25, until: 2027-12-25}}]",
            "there is a period 'FÊTES' already",
        ),
        (REPLIES % "periods: [{name: Fêtes, from: 2026-12-24}]", "missing field 'until'"),
        (
            HEAD + "regional: {language: fr}\n",
            "a language with its region such as fr-FR (Exchange refuses fr alone)",
        ),
        (HEAD + "regional: {language: french}\n", "a language with its region"),
        (HEAD + "regional: {timeZone: Europe/Pariss}\n", "unknown time zone 'Europe/Pariss'"),
        (
            HEAD + "regional: {timeZone: Romance Standard Time}\n",
            "'Romance Standard Time' is Windows' name of a time zone: write IANA's, Europe/Paris",
        ),
        (HEAD + "regional: {timeZone: Antarctica/Troll}\n", "has no time zone for 'Antarctica/Troll'"),
        (HEAD + "regional: {dateFormat: DD/MM/YYYY}\n", "expected a date format with day, month and year"),
        (HEAD + "regional: {timeFormat: H}\n", "expected a time format with hours and minutes"),
        (HEAD + "workingHours: {start: '9:00'}\n", 'a time of day such as "09:00"'),
        (
            HEAD + "workingHours: {start: '22:00', end: '06:00'}\n",
            "'end' (06:00) is not after 'start' (22:00)",
        ),
        (HEAD + "workingHours: {days: [monday, monday]}\n", "'monday' is listed twice"),
        (HEAD + "workingHours: {days: [lundi]}\n", "expected one of monday, tuesday"),
        (HEAD + "signature: {url: x}\n", "unknown field 'url'"),
    ],
)
def test_what_is_refused(one, text, told):
    (problem,) = [problem for problem in one(text) if told in problem]
    assert problem.startswith("specs/")


@pytest.mark.parametrize(
    "text",
    [
        REPLIES % "state: disabled, externalAudience: all",
        REPLIES % "state: enabled, externalAudience: none, internal: x",
        REPLIES % f"periods: [{PERIOD % ', internal: x, external: y'}]",
        REPLIES
        % f"state: disabled, periods: [{PERIOD % ', internal: x'}, {{name: B, from: 2026-12-27, until: 2026-12-28, internal: z}}]",
        REPLIES % "internal: {html: '<p>x</p>'}",
        HEAD
        + "regional: {language: sr-Latn-RS, timeZone: US/East-Indiana, dateFormat: yyyy-MM-dd, timeFormat: 'h:mm tt'}\n",
        HEAD + "workingHours: {days: [], start: 09:00, end: '18:00'}\n",
        HEAD + "signature: Bien à vous\n",
    ],
)
def test_what_is_accepted(one, text):
    assert one(text) == []


def test_the_place_of_a_trouble_in_a_period(one):
    text = (
        HEAD
        + "automaticReplies:\n  state: disabled\n  periods:\n    - name: Fêtes\n      from: 2026-12-24\n      until: 2026-12-23\n      internal: x\n"
    )
    assert [problem.split(": ")[0] for problem in one(text)] == ["specs/a.yaml:8:7"]
