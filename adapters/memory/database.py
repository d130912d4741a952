"""The records of the memory family, under one lock: what a transaction needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from adapters.memory.ordered_keys import OrderedByKey
from domain.campaign import Campaign
from domain.campaign_history import ChangeRef, StateChange
from domain.chunk import Chunk, ChunkRef
from domain.contact import Contact
from domain.erasure import Erasure
from domain.errors import IdempotencyKeyInUse, VersionConflict
from domain.fan_out import FanOutRange
from domain.idempotency import IdempotencyRecord
from domain.identifiers import (
    CampaignId,
    ContactId,
    JobId,
    SegmentId,
    SeriesId,
    SuppressionId,
    TemplateId,
    WebhookId,
)
from domain.path_line import LineRef, PathLine
from domain.ports.jobs import AnyJob
from domain.segment import Segment
from domain.series import Series
from domain.suppression import Suppression, SuppressionEntry, Unsubscribed, suppression_id_of
from domain.tally import Tally
from domain.template import Content, Template
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import DeliveryRef, WebhookDelivery

_HASH_KEY = b"memory"
"""No secret: nothing of it outlives the process, and the addresses are beside the ids."""


def suppression_id(address: str) -> SuppressionId:
    """The place of an address on the suppression list."""
    return suppression_id_of(_HASH_KEY, address)


@dataclass(frozen=True, slots=True)
class MemoryDatabase:
    """One dictionary a kind of record. Hold `lock` while reading or changing more than one."""

    lock: RLock = field(default_factory=RLock)
    campaigns: dict[CampaignId, Campaign] = field(default_factory=dict)
    changes: dict[ChangeRef, StateChange] = field(default_factory=dict)
    contents: dict[CampaignId, Content] = field(default_factory=dict)
    ranges: dict[CampaignId, dict[int, FanOutRange]] = field(default_factory=dict)
    chunks: dict[ChunkRef, Chunk] = field(default_factory=dict)
    tallies: dict[CampaignId, Tally] = field(default_factory=dict)
    last_finished_at: dict[CampaignId, datetime] = field(default_factory=dict)
    templates: dict[TemplateId, Template] = field(default_factory=dict)
    old_templates: dict[tuple[TemplateId, int], Template] = field(default_factory=dict)
    segments: dict[SegmentId, Segment] = field(default_factory=dict)
    members: dict[SegmentId, OrderedByKey[ContactId]] = field(default_factory=dict)
    contacts: dict[ContactId, Contact] = field(default_factory=dict)
    contact_keys: OrderedByKey[ContactId] = field(default_factory=OrderedByKey)
    contacts_by_address: dict[str, ContactId] = field(default_factory=dict)
    suppressions: dict[str, Suppression] = field(default_factory=dict)
    forgotten: dict[SuppressionId, SuppressionEntry] = field(default_factory=dict)
    unsubscribed: dict[SuppressionId, Unsubscribed] = field(default_factory=dict)
    erasures: dict[ContactId, Erasure] = field(default_factory=dict)
    jobs: dict[JobId, AnyJob] = field(default_factory=dict)
    webhooks: dict[WebhookId, WebhookEndpoint] = field(default_factory=dict)
    webhook_deliveries: dict[DeliveryRef, WebhookDelivery] = field(default_factory=dict)
    series: dict[SeriesId, Series] = field(default_factory=dict)
    idempotency: dict[str, IdempotencyRecord] = field(default_factory=dict)
    lines: dict[LineRef, PathLine] = field(default_factory=dict)

    def suppression_entry(self, address: str) -> SuppressionEntry | None:
        """The one of an address, whether or not that is still known."""
        return self.suppression_entries([address]).get(suppression_id(address))

    def suppression_entries(
        self, addresses: Iterable[str]
    ) -> dict[SuppressionId, SuppressionEntry]:
        """Those of the addresses that are on the list."""
        found: dict[SuppressionId, SuppressionEntry] = {}
        for address in addresses:
            key = suppression_id(address)
            stored = self.suppressions.get(address)
            if stored is not None:
                entry = SuppressionEntry.of(key, stored)
                found[key] = replace(entry, unsubscribed=self.unsubscribed.get(key))
            elif key in self.forgotten:
                found[key] = self.forgotten[key]
        return found

    def put_campaign(self, campaign: Campaign) -> None:
        """With the changes of its state that are new with it."""
        with self.lock:
            self.campaigns[campaign.campaign_id] = campaign
            for change in campaign.new_changes:
                self.changes[ChangeRef(campaign.campaign_id, change.number)] = change

    def check_campaign(self, campaign: Campaign) -> None:
        """Raises VersionConflict unless the stored campaign has its version."""
        stored = self.campaigns.get(campaign.campaign_id)
        if stored is None or stored.version != campaign.version:
            raise VersionConflict(f"campaign {campaign.campaign_id}")

    def check_range(self, fan_out_range: FanOutRange) -> None:
        """Raises VersionConflict unless the stored range has its version."""
        stored = self.ranges.get(fan_out_range.campaign_id, {}).get(fan_out_range.number)
        if stored is None or stored.version != fan_out_range.version:
            raise VersionConflict(
                f"range {fan_out_range.number} of campaign {fan_out_range.campaign_id}"
            )

    def put_idempotency_record(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """Write it by version. Raises IdempotencyKeyInUse."""
        with self.lock:
            stored = self.idempotency.get(record.digest)
            if record.version == 0 and stored is not None and stored.has_expired(record.began_at):
                stored = None
            if (stored.version if stored else 0) != record.version:
                raise IdempotencyKeyInUse
            self.idempotency[record.digest] = record.stored()
            return record.stored()
