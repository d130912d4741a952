"""Keys of the records of docs/data-model.md, but for those that stand by their records."""

from adapters.aws.table import Item, Key
from domain.campaign_history import ChangeRef
from domain.chunk import ChunkRef
from domain.identifiers import (
    CampaignId,
    ContactId,
    JobId,
    SegmentId,
    SeriesId,
    TemplateId,
    WebhookId,
)
from domain.key_space import member_key

GRANTS_KEY: Key = ("GRANTS#account", "GRANTS")
ADMISSIONS_KEY: Key = ("ADMISSIONS#account", "ADMISSIONS")
WEBHOOKS = "WEBHOOKS"
SERIES_SHARD = "series"
"""Of series in the index of open work."""
JOB_SHARD = "jobs"
"""Of jobs and erasures in the index of open work."""
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


def content_key(campaign_id: CampaignId) -> Key:
    """Key of a content snapshot."""
    return f"CAMPAIGN#{campaign_id}", "CONTENT"


def tally_key(ref: ChunkRef) -> Key:
    """Key of the tally shard that counts a chunk."""
    return f"CAMPAIGN#{ref.campaign_id}", f"TALLY#{ref.tally_shard:02d}"


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


def change_of(item: Item) -> ChangeRef:
    """What an entry of the shard `CHANGE_SHARD` names."""
    return ChangeRef(
        CampaignId(item["pk"].removeprefix("CAMPAIGN#")), int(item["sk"].removeprefix("CHANGE#"))
    )
