"""Ten thousand schedules due within a minute: each fires once, on time, whatever is killed or set.

`make prove` prints how late they were on this machine; `SCHEDULES=` takes another number.
"""

import os
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.contact import ContactDraft
from domain.identifiers import SegmentId, TemplateId
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers import Family, build
from entrypoints.settings import Settings
from tests.contracts.smtp_inbox import smtp_inbox
from tests.integration.one_machine import OneMachine, all_workers_of, kill
from tests.integration.process_clock import ProcessClock
from tests.integration.runner import Runner
from tests.integration.waiting import wait_for

SCHEDULES = int(os.environ.get("SCHEDULES", "10000"))
MINUTE = 60
TEMPLATE, SEGMENT = TemplateId("t"), SegmentId("s")
NOTE_FIRES = """
CREATE TABLE fires (campaign_id TEXT, at REAL);
CREATE TRIGGER note_fires AFTER INSERT ON messages
WHEN NEW.queue = 'start' AND json_extract(NEW.body, '$.trigger') = 'EventBridge Scheduler'
BEGIN
    INSERT INTO fires VALUES (
        json_extract(NEW.body, '$.campaign_id'), (julianday('now') - 2440587.5) * 86400
    );
END;
"""
UNFINISHED = "SELECT campaign_id, state FROM campaigns WHERE state != 'sent' LIMIT 1"
UNKNOWN = (
    "SELECT campaign_id, json_extract(tally, '$.unknown') AS unknown FROM tallies WHERE unknown > 0"
)


def schedule(database: Path, due: datetime) -> Mapping[str, float]:
    """Campaigns for one person each, all within the minute from `due` on; when each is due."""
    settings = Settings.from_environment(
        {"DATABASE": str(database), "PUBLIC_URL": "http://127.0.0.1", "POSTAL_ADDRESS": "Yard 1"}
    )
    container = build(Family.SQLITE, settings)
    file = container.family.database()
    # It may be lost with the power of this machine, and is quick.
    file.writing = file.writing_unsynced
    link = "{{ unsubscribe_url }} {{ postal_address }}"
    container.create_template()("T", Content(subject="Hello", html=link, text=link), TEMPLATE)
    container.create_segment()("S", SEGMENT)
    (contact,) = container.put_contacts()([ContactDraft("ann@example.com", {})])
    container.add_members()(SEGMENT, [contact.contact_id])
    create = container.create_campaign()
    times: dict[str, float] = {}
    for number in range(SCHEDULES):
        at = due + timedelta(seconds=number * MINUTE // SCHEDULES)
        request = CampaignRequest(
            name=f"{number}", template_id=TEMPLATE, segment_id=SEGMENT, schedule_at=at.isoformat()
        )
        times[create(request).campaign.campaign_id] = at.timestamp()
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(NOTE_FIRES)
    return times


@contextmanager
def serving(machine: OneMachine, clock: ProcessClock) -> Iterator[Runner]:
    """A run by that clock, its workers too."""
    with machine.running(
        DEMO_DATA="false",
        SEND_RATE="2000",
        **clock.environment,
        SMTP_TIMEOUT_SECONDS="2",
        SEND_LEASE_SECONDS="10",
        CHUNK_CHECK_INTERVAL_SECONDS="15",
        CHECK_INTERVAL_SECONDS="50",
        RECONCILE_SECONDS="10",
    ) as runner:
        yield runner


def query(database: Path, statement: str) -> Sequence[tuple[str, float]]:
    """Its rows."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(statement).fetchall()


def told(what: str, lateness: Sequence[float]) -> str:
    """In milliseconds."""
    cuts = statistics.quantiles(lateness, n=100)
    return (
        f"{what}: {len(lateness):,}, p50 {cuts[49] * 1e3:,.0f} ms, p99 {cuts[98] * 1e3:,.0f} ms,"
        f" at most {max(lateness) * 1e3:,.0f} ms"
    )


@pytest.mark.prove
def test_each_fires_once_on_time_through_kills_and_steps_of_the_clock(tmp_path: Path) -> None:
    """Also those that were due while nobody was there, and at times that the clock left out."""
    database = tmp_path / "sentinel.db"
    base = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    due = base.timestamp()
    times = schedule(database, base)
    clock = ProcessClock(tmp_path / "offset")
    with smtp_inbox() as inbox:
        machine = OneMachine(tmp_path, inbox)
        clock.step(due - 20 - time.time())
        with serving(machine, clock) as runner:
            clock.wait_until(due + 15)
            killed_at = time.time()
            kill(runner.process.pid)
            runner.process.wait()
        with serving(machine, clock) as runner:
            served_at = time.time()
            clock.wait_until(due + 40)
            clock.step(+2)
            clock.wait_until(due + 46)
            clock.step(-3)
            kill(all_workers_of(runner)[0])
            clock.wait_until(due + MINUTE)
            wait_for(
                lambda: query(database, UNFINISHED) == [] or None,
                within=30 * MINUTE,
                what="every campaign sent",
                every=2,
            )
    fires = query(database, "SELECT campaign_id, at FROM fires")
    unknown = query(database, UNKNOWN)
    starts = dict(
        query(database, "SELECT campaign_id, json_extract(record, '$.started_at') FROM campaigns")
    )
    first = {campaign_id: clock.first_at(at) for campaign_id, at in times.items()}
    late = {campaign_id: at - first[campaign_id] for campaign_id, at in fires}
    undisturbed = [
        campaign_id
        for campaign_id, at in fires
        # The kill came in between, or nobody was there.
        if first[campaign_id] > served_at or at < killed_at
    ]
    started = [
        datetime.fromisoformat(str(starts[each])).timestamp() - times[each]
        for each in undisturbed
        if times[each] < due + 15
    ]
    mailed = Counter(each.message["X-Sentinel-Ref"].split("/")[0] for each in inbox.received)
    figures = (
        f"{SCHEDULES:,} schedules in a minute: {len(fires):,} fires, {len(mailed):,} mailed.",
        f"Of unknown outcome: {len(unknown):,}.",
        f"Due in an outage of {served_at - killed_at:.1f} s: {len(late) - len(undisturbed):,}.",
        told("Of the others, fired after their time", [late[each] for each in undisturbed]),
        told("Before it, started after their time", started),
    )
    print("", *figures, sep="\n")  # noqa: T201  a proof's figures

    assert Counter(campaign_id for campaign_id, _ in fires) == Counter(times.keys())
    assert min(late.values()) >= -0.001
    assert set(mailed.values()) == {1}
    assert mailed.keys() | {campaign_id for campaign_id, _ in unknown} == times.keys()
