"""Keys of the records of docs/data-model.md."""

from datetime import date

from adapters.aws.table import Item, Key
from domain.campaign_history import ChangeRef
from domain.chunk import ChunkRef
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
from domain.job_run import ErasureRun, JobRun, Run
from domain.path_line import LineRef
from domain.segment import member_key
from domain.suppression import address_hash, suppression_id_of
from domain.webhook_delivery import DeliveryRef

GRANTS_KEY: Key = ("GRANTS#account", "GRANTS")
WEBHOOKS = "WEBHOOKS"
SERIES_SHARD = "series"
"""Of series in the index of open work."""
JOB_SHARD = "jobs"
"""Of jobs and erasures in the index of open work."""
LINE_SHARD = "lines"
"""Of lines of analytics there."""
CHANGE_SHARD = "changes"
"""Of changes of campaigns' states that nobody has announced."""


def campaign_key(campaign_id: CampaignId) -> Key:
    """Key of a campaign."""
    return f"CAMPAIGN#{campaign_id}", "CAMPAIGN"


def change_key(ref: ChangeRef) -> Key:
    """Key of a change that is to be announced; beside its campaign."""
    return campaign_key(ref.campaign_id)[0], f"CHANGE#{ref.number:06d}"


def webhook_key(webhook_id: WebhookId) -> Key:
    """Key of an endpoint; all stand in one partition, in the order of their ids."""
    return WEBHOOKS, f"WEBHOOK#{webhook_id}"


def delivery_key(ref: DeliveryRef) -> Key:
    """Key of a delivery."""
    return f"WEBHOOK#{ref.webhook_id}", f"DELIVERY#{ref.event_id}"


def delivery_shard(webhook_id: WebhookId) -> str:
    """Of an endpoint's deliveries in the index of open work: none waits for another's."""
    return f"webhook#{webhook_id}"


def content_key(campaign_id: CampaignId) -> Key:
    """Key of a content snapshot."""
    return f"CAMPAIGN#{campaign_id}", "CONTENT"


def tally_key(ref: ChunkRef) -> Key:
    """Key of the tally shard that counts a chunk."""
    return f"CAMPAIGN#{ref.campaign_id}", f"TALLY#{ref.tally_shard:02d}"


def suppression_key(address_hash_key: bytes, address: str) -> Key:
    """Key of an address's suppression."""
    return suppression_id_key(suppression_id_of(address_hash_key, address))


def suppression_id_key(suppression_id: SuppressionId) -> Key:
    """Key of a suppression."""
    return f"SUPPRESSION#{suppression_id}", "SUPPRESSION"


def address_key(address_hash_key: bytes, address: str) -> Key:
    """Key of the record that makes an address unique."""
    return f"ADDRESS#{address_hash(address_hash_key, address)}", "ADDRESS"


def contact_key(contact_id: ContactId) -> Key:
    """Key of a contact: in one of 16 partitions, and there in the order of member keys."""
    return contact_place(member_key(contact_id))


def erasure_key(contact_id: ContactId) -> Key:
    """Key of an erasure that is under way."""
    return f"ERASURE#{contact_id}", "ERASURE"


def contact_place(key: str) -> Key:
    """Where a member key, or a bound of them, stands among the contacts."""
    return f"CONTACTS#{key[0]}", f"CONTACT#{key}"


def job_key(job_id: JobId) -> Key:
    """Key of an import or an export."""
    return f"JOB#{job_id}", "JOB"


def series_key(series_id: SeriesId) -> Key:
    """Key of a series."""
    return f"SERIES#{series_id}", "SERIES"


def series_of(item: Item) -> SeriesId:
    """What an entry of the shard `SERIES_SHARD` names."""
    return SeriesId(item["pk"].partition("#")[2])


def idempotency_key(digest: str) -> Key:
    """Key of an idempotency record."""
    return f"IDEMPOTENCY#{digest}", "IDEMPOTENCY"


def line_partition(day: date) -> str:
    """Where the lines of a day are."""
    return f"ANALYTICS#{day.isoformat()}"


def line_key(ref: LineRef) -> Key:
    """Key of a campaign's line of analytics."""
    return line_partition(ref.day), ref.campaign_id


def line_ref_of(item: Item) -> LineRef:
    """What a line, or an entry of the shard `LINE_SHARD`, names."""
    return LineRef(date.fromisoformat(item["pk"].partition("#")[2]), CampaignId(item["sk"]))


def template_key(template_id: TemplateId) -> Key:
    """Key of what lists of templates show of one."""
    return f"TEMPLATE#{template_id}", "TEMPLATE"


def template_version_key(template_id: TemplateId, number: int) -> Key:
    """Key of one version of a template; they sort behind the template, the newest last."""
    return template_key(template_id)[0], f"VERSION#{number:08d}"


def segment_key(segment_id: SegmentId) -> Key:
    """Key of a segment; its members stand beside it."""
    return f"SEGMENT#{segment_id}", "SEGMENT"


def member_sort_key(key: str) -> str:
    """Where a member key stands among a segment's records."""
    return f"MEMBER#{key}"


def manifest_key(ref: ChunkRef) -> Key:
    """Key of a chunk's manifest."""
    return _chunk_partition(ref), "MANIFEST"


def progress_key(ref: ChunkRef) -> Key:
    """Key of a chunk's progress."""
    return _chunk_partition(ref), "PROGRESS"


def _chunk_partition(ref: ChunkRef) -> str:
    return f"CHUNK#{ref.campaign_id}#{ref.range_number:04d}#{ref.number:06d}"


def open_work_of(item: Item) -> CampaignId | ChunkRef:
    """What an entry of the open-work index names."""
    kind, *names = item["pk"].split("#")
    if kind == "CAMPAIGN":
        return CampaignId(names[0])
    return ChunkRef(CampaignId(names[0]), int(names[1]), int(names[2]))


def run_of(item: Item) -> Run:
    """What an entry of the shard `JOB_SHARD` names."""
    kind, name = item["pk"].split("#")
    return JobRun(JobId(name)) if kind == "JOB" else ErasureRun(ContactId(name))


def change_of(item: Item) -> ChangeRef:
    """What an entry of the shard `CHANGE_SHARD` names."""
    return ChangeRef(
        CampaignId(item["pk"].removeprefix("CAMPAIGN#")), int(item["sk"].removeprefix("CHANGE#"))
    )
