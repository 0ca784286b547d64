"""Language, time zone and formats: one call where the service wants them together, and no drift by name."""

from __future__ import annotations

import pytest

from controller.model import Cause, Status
from controller.sandbox import mailbox_settings

BOX = "libre@entreprise.example"
NOUN = "MailboxRegionalConfiguration"


def document(text):
    return f"kind: SharedMailbox\naddress: {BOX}\nregional: {text}\n"


FRENCH = document('{language: fr-FR, timeZone: Europe/Paris, dateFormat: dd/MM/yyyy, timeFormat: "HH:mm"}')


def regional(tenant):
    return mailbox_settings.regional(tenant.entry(BOX))


def calls(plan):
    return [(c.field, dict(c.requests[0].parameters)) for c in plan.changes]


def sent(plan):
    return [(field, {k: v for k, v in each.items() if k != "Identity"}) for field, each in calls(plan)]


def test_a_mailbox_that_was_never_configured(rig, go):
    tenant = rig(FRENCH)
    cycle = go(tenant.apply())
    assert sent(cycle.plan) == [
        ("regional.language", {"Language": "fr-FR", "DateFormat": "dd/MM/yyyy", "TimeFormat": "HH:mm"}),
        ("regional.timeZone", {"TimeZone": "Romance Standard Time"}),
    ]
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    found = regional(tenant)
    assert (found.language, found.time_zone) == ("fr-FR", "Romance Standard Time")
    assert (found.date_format, found.time_format) == ("dd/MM/yyyy", "HH:mm")
    assert not go(tenant.plan()).changes


def test_a_language_alone_takes_formats_that_do_not_suit_it_away(rig, go):
    tenant = rig(document("{language: fr-FR}"))
    tenant.poke(f"Set-{NOUN}", Identity=BOX, Language="en-US", DateFormat="M/d/yyyy", TimeFormat="h:mm tt")
    cycle = go(tenant.apply())
    assert sent(cycle.plan) == [
        ("regional.language", {"Language": "fr-FR", "DateFormat": None, "TimeFormat": None})
    ]
    assert "dateFormat M/d/yyyy gives way" in cycle.plan.changes[0].notes[0]
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert (regional(tenant).language, regional(tenant).date_format) == ("fr-FR", "dd/MM/yyyy")


def test_formats_alone_are_changes_of_their_own(rig, go):
    tenant = rig(FRENCH)
    go(tenant.apply())
    tenant.poke(f"Set-{NOUN}", Identity=BOX, DateFormat="dd/MM/yy", TimeFormat="H:mm")
    plan = go(tenant.plan())
    assert sent(plan) == [
        ("regional.dateFormat", {"DateFormat": "dd/MM/yyyy"}),
        ("regional.timeFormat", {"TimeFormat": "HH:mm"}),
    ]
    assert {c.cause for c in plan.changes} == {Cause.DRIFT}


def test_the_language_changed_by_hand_comes_back_with_its_formats(rig, go):
    tenant = rig(FRENCH)
    go(tenant.apply())
    tenant.poke(f"Set-{NOUN}", Identity=BOX, Language="de-DE", DateFormat=None, TimeFormat=None)
    cycle = go(tenant.apply())
    assert [(c.field, c.before, c.after) for c in cycle.plan.changes] == [("regional.language", "de-DE", "fr-FR")]
    assert regional(tenant).date_format == "dd/MM/yyyy"
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Europe/Brussels", "Europe/Paris"])
def test_places_that_are_one_zone_to_windows_are_no_difference(rig, go, zone):
    tenant = rig(document(f"{{timeZone: {zone}}}"))
    tenant.poke(f"Set-{NOUN}", Identity=BOX, TimeZone="Romance Standard Time")
    assert not go(tenant.plan()).changes


def test_a_zone_stored_by_its_other_name_is_no_difference(rig, go):
    tenant = rig(document("{timeZone: Europe/Paris}"))
    tenant.entry(BOX).stores["regional"] = {"time_zone": "Europe/Paris"}  # as Graph's door leaves it
    assert not go(tenant.plan()).changes


def test_folders_keep_their_names(rig, go):
    tenant = rig(FRENCH)
    go(tenant.apply())
    assert "language" not in tenant.entry(BOX).stores


def test_what_is_left_out_is_left_alone(rig, go):
    tenant = rig(document("{timeZone: Europe/Berlin}"))
    tenant.poke(f"Set-{NOUN}", Identity=BOX, Language="en-GB", DateFormat="d/M/yy")
    go(tenant.apply())
    found = regional(tenant)
    assert (found.language, found.date_format, found.time_zone) == ("en-GB", "d/M/yy", "W. Europe Standard Time")
