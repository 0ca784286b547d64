"""Get-, New-, Set-, Remove-MailContact: people outside who stand in the address list.

The external address is the primary one; changing it drops the former one [doc: Set-MailContact].
"""

from __future__ import annotations

from controller.sandbox.exchange import addresses, directory, refusals, selection
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.naming import alias_for, checked_name, legacy_dn
from controller.sandbox.exchange.recipient_layouts import CONTACT
from controller.sandbox.exchange.recipient_settings import SHARED, Draft
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import is_email
from controller.sandbox.world import Entry

_TYPES = frozenset({"MailContact"})
_FORMATS = ("MessageFormat", "MessageBodyFormat", "MacAttachmentFormat", "UsePreferMessageFormat")


@cmdlet("Get-MailContact", honours=selection.HONOURED)
def get_mail_contact(call: Invocation) -> Result:
    return selection.select(call, CONTACT, _TYPES)


def _external(call: Invocation, owner: Entry | None) -> str:
    """The external address without its prefix. CmdletError: no address, or one that somebody holds; any
    domain will do."""
    rest = addresses.split(str(call.arguments["ExternalEmailAddress"]))[1]
    if not is_email(rest):
        raise refusals.validation(f'The address "{rest}" is not a valid SMTP address.')
    holder = directory.holder_of(call, rest, besides=owner)
    if holder is not None:
        raise refusals.address_in_use(f"SMTP:{rest}", holder.name)
    return rest


@cmdlet(
    "New-MailContact",
    target="Name",
    honours={*_FORMATS, "ExternalEmailAddress", "Alias", "DisplayName", "FirstName", "LastName"},
)
def new_mail_contact(call: Invocation) -> Result:
    arguments, world = call.arguments, call.world
    name = checked_name(call, str(arguments["Name"]))
    alias = alias_for(call, arguments.text("Alias"), name)
    external = _external(call, None)
    guid = world.new_id()
    entry = Entry(
        object_id=world.new_id(),
        guid=guid,
        exchange_guid="00000000-0000-0000-0000-000000000000",
        sid="",
        type="MailContact",
        name=name,
        alias=alias,
        display_name=arguments.text("DisplayName") or name,
        created=call.now,
        addresses=[f"SMTP:{external}"],
        legacy_dn=legacy_dn(guid, alias),
        graph={
            attribute: arguments.text(parameter)
            for parameter, attribute in (("FirstName", "givenName"), ("LastName", "surname"))
            if arguments.text(parameter)
        },
        properties={
            "ExternalEmailAddress": f"SMTP:{external}",
            **{key: arguments[key] for key in _FORMATS if arguments.get(key) is not None},
        },
    )
    world.add(entry)
    call.writing(entry, created=True)
    call.subject = entry.name
    return [CONTACT.row(call, entry)]


@cmdlet(
    "Set-MailContact",
    honours={*SHARED, *_FORMATS, "ExternalEmailAddress", "UseMapiRichTextFormat", "ForceUpgrade"},
)
def set_mail_contact(call: Invocation) -> Result:
    entry = directory.find_target(call, _TYPES)
    if entry.dir_synced and not entry.cloud_managed:
        raise refusals.synced("Set-MailContact", ",".join(sorted(call.arguments.values)), entry.name)
    draft = Draft(call, entry, CONTACT)
    draft.take_shared()
    for name in (*_FORMATS, "UseMapiRichTextFormat"):
        if call.arguments.get(name) is not None:
            draft.put(name, call.arguments[name])
    if call.arguments.text("ExternalEmailAddress"):
        external = _external(call, entry)
        kept = [a for a in draft.fields.get("addresses", entry.addresses) if not a.startswith("SMTP:")]
        draft.properties["ExternalEmailAddress"] = f"SMTP:{external}"
        draft.fields["addresses"] = [
            f"SMTP:{external}",
            *(a for a in kept if a.lower() != f"smtp:{external.lower()}"),
        ]
    draft.commit()
    return None


@cmdlet("Remove-MailContact", honours=())
def remove_mail_contact(call: Invocation) -> Result:
    entry = directory.find_target(call, _TYPES)
    if entry.dir_synced and not entry.cloud_managed:
        raise refusals.synced("Remove-MailContact", "Identity", entry.name)
    directory.forget(call.world, entry)
    return None
