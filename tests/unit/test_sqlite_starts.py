"""What a start costs on one machine: nothing waits for the disk, and little is written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase, Synchronous
from domain.contact import ContactDraft
from domain.identifiers import SegmentId, TemplateId
from domain.start import StartRequest
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers import Family, build
from entrypoints.settings import Settings


def noted(database: SqliteDatabase) -> list[Synchronous]:
    """What each commit from now on waits for."""
    commits: list[Synchronous] = []
    writing = database._writing

    @contextmanager
    def note(synchronous: Synchronous) -> Iterator[sqlite3.Connection]:
        with writing(synchronous) as connection:
            yield connection
        commits.append(synchronous)

    database._writing = note  # type: ignore[method-assign]  # nothing else tells
    return commits


def test_the_start_of_a_small_campaign_waits_for_no_disk(tmp_path: Path) -> None:
    """Claim, content, chunks, their message, the range: five commits, none of which is synced."""
    settings = Settings(
        database=tmp_path / "sentinel.db",
        public_url="https://mail.example.com",
        postal_address="1 High Street, Harrowick",
    )
    container = build(Family.SQLITE, settings)
    link = "{{ unsubscribe_url }} {{ postal_address }}"
    template_id, segment_id = TemplateId("t"), SegmentId("s")
    container.create_template()("T", Content("Hello", link, link), template_id)
    container.create_segment()("S", segment_id)
    (contact,) = container.put_contacts()([ContactDraft("ann@example.com", {})])
    container.add_members()(segment_id, [contact.contact_id])
    created = container.create_campaign()(
        CampaignRequest(name="News", template_id=template_id, segment_id=segment_id)
    )
    commits = noted(container.family.database())

    container.start_campaign()(StartRequest(created.campaign.campaign_id), timedelta(seconds=20))

    assert commits == [Synchronous.NORMAL] * 5
