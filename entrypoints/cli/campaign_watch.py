"""`sentinel campaigns watch`: until it has ended."""

import sys

from entrypoints.cli import clock
from entrypoints.cli.campaign_views import progress_text
from entrypoints.cli.command import Session
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.output import Item
from entrypoints.cli.pace import Pacing
from entrypoints.cli.watching import Bar, bar, looks

_ENDS = {
    "sent": ExitCode.DONE,
    "failed": ExitCode.FAILED,
    "expired": ExitCode.EXPIRED,
    "cancelled": ExitCode.CANCELLED,
}


def watch_campaign(
    session: Session, campaign_id: str, *, every: float, patience: float
) -> ExitCode:
    """Show how far it is until it has ended; how it did. Raises CommandFailed."""
    try:
        if session.output.as_json:
            return _follow(session, campaign_id, every, patience, None)
        with bar(session.output.line, sys.stdout) as show:
            return _follow(session, campaign_id, every, patience, show)
    except KeyboardInterrupt:
        raise CommandFailed(
            ExitCode.INTERRUPTED,
            f"It goes on without being watched: `sentinel campaigns watch {campaign_id}` looks "
            "again.",
        ) from None


def _follow(
    session: Session, campaign_id: str, every: float, patience: float, show: Bar | None
) -> ExitCode:
    pacing = Pacing()
    last: object = None

    def look() -> Item:
        return session.connection.get("/v1/campaigns/{}", campaign_id).body

    for campaign in looks(session.output, look, every=every, patience=patience):
        counts = campaign["counts"]
        settled = counts["recipients"] - counts["pending"]
        pace = pacing.at(clock.elapsed(), campaign)
        if show is not None:
            show(settled, counts["recipients"] or None, progress_text(campaign, pace))
        elif campaign != last:
            session.output.json({**campaign, "rate": pace.rate, "seconds_left": pace.seconds_left})
        last = campaign
        if campaign["state"] in _ENDS:
            return _end(session, campaign)
    raise AssertionError("looks never end by themselves")


def _end(session: Session, campaign: Item) -> ExitCode:
    """As it ended; a campaign that is sent and reached nobody has failed whoever waits for it."""
    counts = campaign["counts"]
    if campaign["state"] == "sent" and counts["failed"] and not counts["sent"]:
        session.output.say(
            f"Nobody was mailed, and {counts['failed']} failed: `sentinel campaigns recipients "
            f"{campaign['campaign_id']} --state failed` tells why."
        )
        return ExitCode.FAILED
    return _ENDS[campaign["state"]]
