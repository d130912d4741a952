"""`sentinel campaigns`: create, follow, change and settle them."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from entrypoints.cli.campaign_time import At, Fold, LocalTime, Now, TimeZone, check_to_come
from entrypoints.cli.campaign_views import CAMPAIGN, CHANGE, CREATED, IN_LIST, RECIPIENT
from entrypoints.cli.campaign_watch import watch_campaign
from entrypoints.cli.command import Session, command, group
from entrypoints.cli.connection import Answer
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import (
    CampaignId,
    Category,
    CategoryOption,
    Exclude,
    Priority,
    PriorityOption,
    Revision,
    UnknownOption,
    UnknownPolicy,
    Yes,
    confirm,
    given,
    wrong,
)
from entrypoints.cli.output import counted
from entrypoints.cli.watching import Every, Patience

campaigns = group("Create campaigns, follow them, change and settle them.")

_CAMPAIGN = "/v1/campaigns/{}"


class State(StrEnum):
    """Of a campaign."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class RecipientState(StrEnum):
    """Of a recipient."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"


class ExecutionPath(StrEnum):
    """The two ways a campaign starts."""

    IMMEDIATE = "immediate"
    SCHEDULED = "scheduled"


Approval = Annotated[
    bool, typer.Option("--approval", help="Wait until somebody approves it, and send nothing.")
]
ImmediateOnly = Annotated[
    bool,
    typer.Option(
        "--immediate-only",
        help="Where it would be queued, because too many start at once, do not create it.",
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Watch it then until it has ended.")]


@command(campaigns, "create")
def create(
    session: Session,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is called.")],
    template: Annotated[
        str, typer.Option("--template", metavar="TEMPLATE", help="The id of what is sent.")
    ],
    segment: Annotated[
        str, typer.Option("--segment", metavar="SEGMENT", help="The id of those who get it.")
    ],
    exclude: Exclude = None,
    at: At = None,
    timezone: TimeZone = None,
    fold: Fold = None,
    local_time: LocalTime = None,
    category: CategoryOption = None,
    priority: PriorityOption = None,
    unknown: UnknownOption = None,
    approval: Approval = False,
    immediate_only: ImmediateOnly = False,
    watch: Watch = False,
) -> ExitCode | None:
    """Create a campaign.

    Without a time, or due within a minute, it starts at once; else it is scheduled.
    """
    check_to_come(at, timezone, fold, "leave --at out", local_time=local_time)
    body = _body(
        name=name,
        template=template,
        segment=segment,
        exclude=exclude,
        at=at,
        timezone=timezone,
        fold=fold,
        local_time=local_time,
        category=category,
        priority=priority,
        unknown=unknown,
        approval=approval,
        immediate_only=immediate_only,
    )
    created = session.connection.post("/v1/campaigns", body=body).body
    if not (watch and session.output.as_json):
        session.output.document(created, CREATED)
    _say_what_to_know(session, created)
    if watch:
        return watch_campaign(session, created["campaign_id"], every=2, patience=300)
    return None


@command(campaigns, "list")
def list_campaigns(
    session: Session,
    state: Annotated[
        State | None, typer.Option("--state", help="Show only those in this state.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="TEMPLATE", help="Show only those of this template."),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option("--segment", metavar="SEGMENT", help="Show only those to this segment."),
    ] = None,
    path: Annotated[
        ExecutionPath | None, typer.Option("--path", help="Show only those that went this path.")
    ] = None,
    category: Annotated[
        Category | None, typer.Option("--category", help="Show only those of this category.")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--created-after", metavar="TIME", help="Show only those of then and later."),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--created-before", metavar="TIME", help="Show only those of before then."),
    ] = None,
    limit: Limit = 50,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List campaigns, the newest first."""
    pages = Pages(
        session,
        "/v1/campaigns",
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
        state=state,
        template_id=template,
        segment_id=segment,
        execution_path=path,
        category=category,
        created_after=after,
        created_before=before,
    )
    show_list(session, pages, IN_LIST, "There are no campaigns.")


@command(campaigns, "show")
def show(session: Session, campaign: CampaignId) -> None:
    """Show a campaign with its counts."""
    _show(session, session.connection.get(_CAMPAIGN, campaign))


@command(campaigns, "watch")
def watch(
    session: Session, campaign: CampaignId, every: Every = 2, patience: Patience = 300
) -> ExitCode:
    """Watch a campaign until it has ended.

    It shows the counts, how fast it goes and how long it will take: a bar on a terminal, else
    a line for each change; with --json one JSON document a line. The exit status is 0 where it
    was sent, 7 where it failed, 8 where it expired and 9 where it was cancelled.
    """
    return watch_campaign(session, campaign, every=every, patience=patience)


@command(campaigns, "rename")
def rename(
    session: Session,
    campaign: CampaignId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called from now on.")],
    revision: Revision = None,
) -> None:
    """Rename a campaign, in any state."""
    _show(
        session,
        session.connection.patch(_CAMPAIGN, campaign, body={"name": name}, if_match=revision),
    )


@command(campaigns, "prioritize")
def prioritize(
    session: Session,
    campaign: CampaignId,
    priority: Annotated[
        Priority, typer.Argument(metavar="PRIORITY", help="Whether it is urgent or normal.")
    ],
    revision: Revision = None,
) -> None:
    """Make a campaign urgent, or normal again, until it has ended.

    What of it is on a queue waits its turn there; pause and resume it to have all of it moved.
    """
    body = {"priority": priority}
    _show(session, session.connection.patch(_CAMPAIGN, campaign, body=body, if_match=revision))


@command(campaigns, "move")
def move(
    session: Session,
    campaign: CampaignId,
    at: At = None,
    timezone: TimeZone = None,
    fold: Fold = None,
    local_time: LocalTime = None,
    now: Now = False,
    revision: Revision = None,
) -> None:
    """Move a campaign to another time, or to now.

    That is possible until a start has claimed it.
    """
    if now == (at is not None):
        raise wrong("--at, --now", "Say one of the two.")
    check_to_come(at, timezone, fold, "say --now", local_time=local_time)
    body = {"schedule_at": at, **given(timezone=timezone, fold=fold, local_time=local_time)}
    _show(session, session.connection.patch(_CAMPAIGN, campaign, body=body, if_match=revision))


@command(campaigns, "clone")
def clone(
    session: Session,
    campaign: CampaignId,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What it is called.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="TEMPLATE", help="The id of what is sent."),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option("--segment", metavar="SEGMENT", help="The id of those who get it."),
    ] = None,
    exclude: Exclude = None,
    at: At = None,
    timezone: TimeZone = None,
    fold: Fold = None,
    local_time: LocalTime = None,
    now: Now = False,
    category: CategoryOption = None,
    priority: PriorityOption = None,
    unknown: UnknownOption = None,
    approval: Approval = False,
    immediate_only: ImmediateOnly = False,
) -> None:
    """Create a campaign that is as another one, but for what is said.

    Without a time it has that of the other one, if that is to come; else it starts at once.
    """
    if now and at is not None:
        raise wrong("--at, --now", "Say one of the two.")
    check_to_come(at, timezone, fold, "say --now", local_time=local_time)
    body = _body(
        name=name,
        template=template,
        segment=segment,
        exclude=exclude,
        at=at,
        timezone=timezone,
        fold=fold,
        local_time=local_time,
        category=category,
        priority=priority,
        unknown=unknown,
        approval=approval,
        immediate_only=immediate_only,
    )
    if now:
        body["schedule_at"] = None
    created = session.connection.post("/v1/campaigns/{}/clone", campaign, body=body).body
    session.output.document(created, CREATED)
    _say_what_to_know(session, created)


@command(campaigns, "approve")
def approve(session: Session, campaign: CampaignId, revision: Revision = None) -> None:
    """Approve a campaign that waits for that; name the --revision that you looked at.

    It goes out at once, or at its time if that is to come.
    """
    _show(session, session.connection.post("/v1/campaigns/{}/approve", campaign, if_match=revision))


@command(campaigns, "pause")
def pause(session: Session, campaign: CampaignId, revision: Revision = None) -> None:
    """Pause a campaign; nobody is lost."""
    _show(session, session.connection.post("/v1/campaigns/{}/pause", campaign, if_match=revision))


@command(campaigns, "resume")
def resume(session: Session, campaign: CampaignId, revision: Revision = None) -> None:
    """Resume a paused campaign.

    One that is due, or was started, goes on at once; another one waits for its time.
    """
    _show(session, session.connection.post("/v1/campaigns/{}/resume", campaign, if_match=revision))


@command(campaigns, "cancel")
def cancel(
    session: Session, campaign: CampaignId, yes: Yes = False, revision: Revision = None
) -> None:
    """Cancel a campaign: who has no mail yet gets none.

    It cannot be undone.
    """
    confirm(f"Cancel the campaign {campaign} for good?", yes=yes)
    _show(session, session.connection.post("/v1/campaigns/{}/cancel", campaign, if_match=revision))


@command(campaigns, "recipients")
def recipients(
    session: Session,
    campaign: CampaignId,
    state: Annotated[
        RecipientState | None, typer.Option("--state", help="Show only those in this state.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="CONTACT", help="Show only this contact.")
    ] = None,
    limit: Limit = 50,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List who got a campaign, who did not, and why."""
    pages = Pages(
        session,
        "/v1/campaigns/{}/recipients",
        campaign,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
        state=state,
        contact_id=contact,
    )
    show_list(session, pages, RECIPIENT, "There are no such recipients.")


@command(campaigns, "settle")
def settle(
    session: Session,
    campaign: CampaignId,
    resend: Annotated[
        bool,
        typer.Option("--resend", help="Mail them once more, at the risk of a second mail."),
    ] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Count them as failed, and mail them no more.")
    ] = False,
    contact: Annotated[
        list[str] | None,
        typer.Option(
            "--contact", metavar="CONTACT", help="Settle only this contact; may be repeated."
        ),
    ] = None,
) -> None:
    """Settle those of whom nobody knows whether they were mailed.

    All of them, or those that are named.
    """
    if resend == give_up:
        raise wrong("--resend, --give-up", "Say one of the two.")
    action = "resend" if resend else "give_up"
    settled = left = 0
    cursor: str | None = None
    while True:
        body = given(action=action, contact_ids=contact or None, cursor=cursor)
        answer = session.connection.post("/v1/campaigns/{}/unknown", campaign, body=body).body
        settled += answer["settled"]
        left += answer["left"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    session.output.document(
        {"settled": settled, "left": left},
        {"Settled": "settled", "Left, as they were re-sent before": "left"},
    )


def _body(
    *,
    name: str | None,
    template: str | None,
    segment: str | None,
    exclude: list[str] | None,
    at: str | None,
    timezone: str | None,
    fold: int | None,
    local_time: bool | None,
    category: Category | None,
    priority: Priority | None,
    unknown: UnknownPolicy | None,
    approval: bool,
    immediate_only: bool,
) -> dict[str, Any]:
    """What is said of one to be created."""
    return given(
        name=name,
        template_id=template,
        segment_id=segment,
        exclude_segment_ids=exclude or None,
        schedule_at=at,
        timezone=timezone,
        fold=fold,
        local_time=local_time,
        category=category,
        priority=priority,
        unknown_policy=unknown,
        approval="required" if approval else None,
        immediate_only=immediate_only or None,
    )


def _show(session: Session, answer: Answer) -> None:
    body = {**answer.body, "revision": answer.revision}
    session.output.document(body, CAMPAIGN)
    _say_what_to_know(session, body)
    if body.get("history") and not session.output.as_json:
        session.output.line("")
        session.output.table(body["history"], CHANGE)
    counts = body.get("counts")
    if counts and counts["unknown"]:
        session.output.say(
            f"Of {counted(counts['unknown'], 'recipient')} nobody knows whether they were mailed: "
            f"`sentinel campaigns settle {body['campaign_id']}` decides."
        )


def _say_what_to_know(session: Session, body: dict[str, Any]) -> None:
    if body.get("warning"):
        session.output.say(body["warning"])
    if body.get("trigger_error"):
        session.output.say(
            f"It is stored, and goes on by itself as soon as that works: {body['trigger_error']}"
        )
    if body["state"] == "paused" and body.get("approval") == "required":
        session.output.say(
            f"It waits for approval: `sentinel campaigns approve {body['campaign_id']}`."
        )
