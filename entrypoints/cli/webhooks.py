"""`sentinel webhooks`: URLs that are told what becomes of campaigns."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import Yes, confirm, given, wrong
from entrypoints.cli.output import Cell

webhooks = group("Have URLs told what becomes of campaigns, and see what they were told.")

_WEBHOOK = "/v1/webhooks/{}"
_IN_LIST: Mapping[str, Cell] = {
    "Webhook": "webhook_id",
    "URL": "url",
    "Enabled": "enabled",
    "Events": "events",
    "Failing since": "failing_since",
}
_WHOLE: Mapping[str, Cell] = {
    **_IN_LIST,
    "Description": "description",
    "Disabled for": "disabled_reason",
    "Created": "created_at",
    "Rotated": "rotated_at",
    "Secret": lambda item: item.get("secret"),
}
_DELIVERY: Mapping[str, Cell] = {
    "Delivery": "delivery_id",
    "Event": "event",
    "State": "state",
    "Attempts": "attempts",
    "Answer": "status",
    "Error": "error",
    "Happened": "occurred_at",
    "Next": "next_attempt_at",
}


class DeliveryState(StrEnum):
    """Where a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Ended(StrEnum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    FAILED = "failed"


WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id.")]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        metavar="EVENT",
        help="What to be told of, as campaign.sent; may be repeated. All of campaigns, unless "
        "it is said.",
    ),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is, for people.")
]


@command(webhooks, "create")
def create(
    session: Session,
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="The URL to be told.")],
    event: Events = None,
    description: Description = None,
) -> None:
    """Have a URL told of events.

    The secret that they are signed by is shown now, and never again: keep it.
    """
    body = given(url=endpoint, events=event or None, description=description)
    session.output.document(session.connection.post("/v1/webhooks", body=body).body, _WHOLE)


@command(webhooks, "list")
def list_webhooks(session: Session) -> None:
    """List webhooks, all of them: there are twenty at the most."""
    body = session.connection.get("/v1/webhooks").body
    if session.output.as_json:
        session.output.json(body)
    elif body["items"]:
        session.output.table(body["items"], _IN_LIST)
    else:
        session.output.say("There are no webhooks.")


@command(webhooks, "show")
def show(session: Session, webhook: WebhookId) -> None:
    """Show a webhook."""
    session.output.document(session.connection.get(_WEBHOOK, webhook).body, _WHOLE)


@command(webhooks, "edit")
def edit(
    session: Session,
    webhook: WebhookId,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ENDPOINT", help="The URL to be told instead.")
    ] = None,
    event: Events = None,
    description: Description = None,
    enable: Annotated[bool, typer.Option("--enable", help="Tell it again.")] = False,
    disable: Annotated[
        bool, typer.Option("--disable", help="Tell it nothing; what happens is kept.")
    ] = False,
) -> None:
    """Change a webhook, or turn it off and on; what is not given stays."""
    if enable and disable:
        raise wrong("--enable, --disable", "Say one of the two.")
    body = given(
        url=to,
        events=event or None,
        description=description,
        enabled=enable if enable or disable else None,
    )
    if not body:
        raise wrong("--to, --event, …", "Say what to change.")
    answer = session.connection.patch(_WEBHOOK, webhook, body=body)
    session.output.document(answer.body, _WHOLE)


@command(webhooks, "remove")
def remove(session: Session, webhook: WebhookId, yes: Yes = False) -> None:
    """Remove a webhook: what waits for it is not sent any more."""
    confirm(f"Remove the webhook {webhook} for good?", yes=yes)
    session.connection.delete(_WEBHOOK, webhook)
    session.output.document(
        {"webhook_id": webhook, "state": "removed"}, {"Webhook": "webhook_id", "State": "state"}
    )


@command(webhooks, "deliveries")
def deliveries(
    session: Session,
    webhook: WebhookId,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="Show only those in this state.")
    ] = None,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List what a webhook was told, the newest event first."""
    pages = Pages(
        session,
        "/v1/webhooks/{}/deliveries",
        webhook,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
        state=state,
    )
    show_list(session, pages, _DELIVERY, "It was told nothing.")


@command(webhooks, "test")
def send_test(session: Session, webhook: WebhookId) -> None:
    """Send a test event; `webhooks deliveries` shows what came of it."""
    body = session.connection.post("/v1/webhooks/{}/test", webhook).body
    session.output.document(body, _DELIVERY)


@command(webhooks, "rotate-secret")
def rotate_secret(session: Session, webhook: WebhookId, yes: Yes = False) -> None:
    """Have another secret, which is shown now and never again.

    For 24 hours everything is signed under the old one, too.
    """
    confirm(f"Have another secret for {webhook}?", yes=yes)
    body = session.connection.post("/v1/webhooks/{}/rotate-secret", webhook).body
    session.output.document(body, _WHOLE)


@command(webhooks, "replay")
def replay(
    session: Session,
    webhook: WebhookId,
    delivery: Annotated[
        str | None, typer.Argument(metavar="DELIVERY", help="One delivery, by its id.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="All from then on, as 2026-11-19T09:00:00Z."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Those before then only.")
    ] = None,
    state: Annotated[
        Ended | None, typer.Option("--state", help="Only those that ended so.")
    ] = None,
) -> None:
    """Send one delivery again, or all of a time."""
    if (delivery is None) == (since is None):
        raise wrong("DELIVERY, --since", "Say one of the two.")
    if delivery is not None:
        path = "/v1/webhooks/{}/deliveries/{}/replay"
        session.output.document(session.connection.post(path, webhook, delivery).body, _DELIVERY)
        return
    count = 0
    cursor: str | None = None
    while True:
        body = given(since=since, until=until, state=state, cursor=cursor)
        answer = session.connection.post("/v1/webhooks/{}/replay", webhook, body=body).body
        count += answer["replayed"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    session.output.document({"replayed": count}, {"Replayed": "replayed"})
