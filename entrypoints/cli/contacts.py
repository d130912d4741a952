"""`sentinel contacts`: people, what is known of them, and what they were sent."""

from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.connection import Answer
from entrypoints.cli.contact_views import CONTACT, CONTACT_IN_LIST, DELIVERY
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import (
    ContactId,
    Fields,
    Revision,
    Yes,
    confirm,
    consent_of,
    fields_of,
    given,
    take_away,
    wrong,
)

contacts = group("Put, find, change and erase people, and see what they were sent.")

_CONTACT = "/v1/contacts/{}"

Email = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address, as ann@example.com.")]
Locale = Annotated[
    str | None, typer.Option("--locale", metavar="TAG", help="The language, as de-AT.")
]
TimeZone = Annotated[
    str | None, typer.Option("--time-zone", metavar="ZONE", help="The zone, as Europe/Berlin.")
]
ConsentSource = Annotated[
    str | None,
    typer.Option("--consent-source", metavar="TEXT", help="Where the person agreed to be mailed."),
]
ConsentAt = Annotated[
    str | None,
    typer.Option(
        "--consent-at", metavar="TIME", help="When the person agreed, as 2026-11-19T09:00:00Z."
    ),
]


@command(contacts, "put")
def put(
    session: Session,
    email: Email,
    field: Fields = None,
    locale: Locale = None,
    time_zone: TimeZone = None,
    consent_source: ConsentSource = None,
    consent_at: ConsentAt = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--confirm", help="Ask by mail whose address it is, and mail nothing else until then."
        ),
    ] = False,
    confirmation_template: Annotated[
        str | None,
        typer.Option(
            "--confirmation-template",
            metavar="TEMPLATE",
            help="The template of the mail that asks, with --confirm.",
        ),
    ] = None,
) -> None:
    """Create the contact of an address, or give the one that is there other fields.

    Fields take the place of all; locale, time zone and consent stay where they are left out.
    """
    body = given(
        email=email,
        fields=fields_of(field or ()),
        locale=locale,
        time_zone=time_zone,
        consent=consent_of(consent_source, consent_at),
        confirm=ask or None,
        confirmation_template_id=confirmation_template,
    )
    answer = session.connection.post("/v1/contacts", body=body)
    _show(session, answer)
    mail = answer.body.get("confirmation_mail")
    if mail is not None:
        reason = f": {mail['reason']}" if mail["reason"] else ""
        session.output.say(f"The mail that asks is {mail['outcome'].replace('_', ' ')}{reason}.")


@command(contacts, "list")
def list_contacts(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List contacts, in an order of their own."""
    pages = Pages(
        session, "/v1/contacts", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, CONTACT_IN_LIST, "There are no contacts.")


@command(contacts, "show")
def show(session: Session, contact: ContactId) -> None:
    """Show a contact."""
    _show(session, session.connection.get(_CONTACT, contact))


@command(contacts, "find")
def find(session: Session, email: Email) -> None:
    """Find a contact by its address, in any spelling."""
    _show(session, session.connection.post("/v1/contacts/lookup", body={"email": email}))


@command(contacts, "edit")
def edit(
    session: Session,
    contact: ContactId,
    field: Fields = None,
    remove_field: Annotated[
        list[str] | None,
        typer.Option(
            "--remove-field", metavar="NAME", help="A field to be there no more; may be repeated."
        ),
    ] = None,
    locale: Locale = None,
    time_zone: TimeZone = None,
    consent_source: ConsentSource = None,
    consent_at: ConsentAt = None,
    no_locale: Annotated[bool, typer.Option("--no-locale", help="Know no language.")] = False,
    no_time_zone: Annotated[bool, typer.Option("--no-time-zone", help="Know no zone.")] = False,
    no_consent: Annotated[bool, typer.Option("--no-consent", help="Know no consent.")] = False,
    revision: Revision = None,
) -> None:
    """Change what is known of a person; what is not given stays.

    The address stays, too: another one is another contact.
    """
    body: dict[str, Any] = given(
        locale=locale, time_zone=time_zone, consent=consent_of(consent_source, consent_at)
    )
    if no_locale:
        take_away(body, "--no-locale", "locale")
    if no_time_zone:
        take_away(body, "--no-time-zone", "time_zone")
    if no_consent:
        take_away(body, "--no-consent", "consent")
    fields = {**fields_of(field or ()), **dict.fromkeys(remove_field or ())}
    if fields:
        body["fields"] = fields
    if not body:
        raise wrong("--field, --locale, …", "Say what to change.")
    _show(session, session.connection.patch(_CONTACT, contact, body=body, if_match=revision))


@command(contacts, "erase")
def erase(session: Session, contact: ContactId, yes: Yes = False) -> None:
    """Erase a person everywhere.

    The contact is gone at once, the rest within minutes. What holds mail back from the address
    stays, without the address.
    """
    confirm(f"Erase {contact} everywhere, for good?", yes=yes)
    answer = session.connection.delete(_CONTACT, contact)
    state = answer.body.get("state", "erased")
    session.output.document(
        {"contact_id": contact, "state": state}, {"Contact": "contact_id", "State": "state"}
    )


@command(contacts, "export")
def export(session: Session, contact: ContactId) -> None:
    """Print everything that is held about a person, as JSON."""
    path = "/v1/contacts/{}/export"
    held = session.connection.get(path, contact).body
    while held["next_cursor"] is not None:
        page = session.connection.get(path, contact, cursor=held["next_cursor"]).body
        held = {**page, "deliveries": [*held["deliveries"], *page["deliveries"]]}
    session.output.json(held)


@command(contacts, "deliveries")
def deliveries(
    session: Session,
    contact: ContactId,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List the mails of a contact, the newest campaign first."""
    pages = Pages(
        session,
        "/v1/contacts/{}/deliveries",
        contact,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
    )
    show_list(session, pages, DELIVERY, "There are no mails.")


def _show(session: Session, answer: Answer) -> None:
    session.output.document({**answer.body, "revision": answer.revision}, CONTACT)
