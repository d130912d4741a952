"""What people see of a campaign."""

from collections.abc import Callable, Mapping

from entrypoints.cli.output import Cell, Item, joined
from entrypoints.cli.pace import Pace, duration_text, is_fanned_out, rate_text

CREATED: Mapping[str, Cell] = {
    "Campaign": "campaign_id",
    "Name": "name",
    "State": "state",
    "Path": "execution_path",
    "Start": "start",
    "Due": "schedule_at",
    "Priority": "priority",
}
IN_LIST: Mapping[str, Cell] = {
    "Campaign": "campaign_id",
    "Name": "name",
    "State": "state",
    "Path": "execution_path",
    "Due": "schedule_at",
    "Ended": "ended_at",
}
CHANGE: Mapping[str, Cell] = {
    "": "number",
    "Event": "event",
    "State": "state",
    "At": "at",
    "Reason": "reason",
}
RECIPIENT: Mapping[str, Cell] = {
    "Contact": "contact_id",
    "Address": "address",
    "State": "state",
    "Reason": "reason",
    "Told": "flags",
    "Once more": lambda item: None if item["resend"] == "none" else item["resend"],
}

_COUNTS = (
    "recipients",
    "pending",
    "sent",
    "failed",
    "unknown",
    "suppressed",
    "skipped",
    "delivered",
    "bounced",
    "complained",
)


def _count(name: str) -> Callable[[Item], object]:
    return lambda item: item["counts"][name] if "counts" in item else None


def _fanned_out(item: Item) -> str | None:
    """How far a start is with the segment; nothing before, and once all of it is fanned out."""
    fan_out = item.get("fan_out")
    if fan_out is None or item["started_at"] is None or is_fanned_out(item):
        return None
    ranges = f"{fan_out['ranges_complete']} of {fan_out['ranges']} ranges"
    return f"{fan_out['share']:.0%}, {ranges}"


CAMPAIGN: Mapping[str, Cell] = {
    **CREATED,
    "Local time": lambda item: item.get("local_schedule_at") if item.get("local_time") else None,
    "Zone else": lambda item: item.get("timezone"),
    "Category": "category",
    "Template": "template_id",
    "Segment": "segment_id",
    "Excluded": "exclude_segment_ids",
    "If unknown": "unknown_policy",
    "Created": "created_at",
    "Started": "started_at",
    "Ended": "ended_at",
    "Paused for": "pause_reason",
    "Resumes": "resume_at",
    "Failed for": "failure_reason",
    "Not sent for": lambda item: item.get("not_sent_reason"),
    "Revision": "revision",
    "Fanned out": _fanned_out,
    **{name.capitalize(): _count(name) for name in _COUNTS},
}


def progress_text(campaign: Item, pace: Pace) -> str:
    """How far it is, in one line."""
    counts = campaign["counts"]
    settled = counts["recipients"] - counts["pending"]
    parts = [f"{campaign['state']}: {settled} of {counts['recipients']}"]
    parts += [f"{counts[name]} {name}" for name in _COUNTS[2:7] if counts[name]]
    fanned_out = _fanned_out(campaign)
    if fanned_out is not None:
        # So that nobody takes those fanned out so far for all.
        parts.append(f"{fanned_out} fanned out")
    match campaign["state"]:
        case "scheduled":
            parts = [f"scheduled for {campaign['schedule_at']}"]
        case "paused":
            reason = campaign["pause_reason"]
            by_hand = "it is approved" if reason == "approval" else "somebody resumes it"
            parts += [f"paused for {reason}", f"until {campaign['resume_at'] or by_hand}"]
        case "failed":
            parts.append(campaign["failure_reason"])
        case "sending" if pace.rate is not None:
            parts.append(f"{rate_text(pace.rate)} a second")
            if pace.seconds_left is not None:
                parts.append(f"{duration_text(pace.seconds_left)} left")
    if campaign.get("not_sent_reason"):
        parts.append(f"not sent: {campaign['not_sent_reason']}")
    return joined(parts)
