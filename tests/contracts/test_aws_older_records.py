"""Records as they were written before something was added to them: they read well."""

import json
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.aws.chunks import DynamoDBChunkRepository
from adapters.aws.contacts import DynamoDBContactRepository
from adapters.aws.delivery_records import manifest_to_item
from adapters.aws.jobs import DynamoDBJobRepository
from adapters.aws.keys import (
    GRANTS_KEY,
    campaign_key,
    contact_key,
    erasure_key,
    job_key,
    progress_key,
)
from adapters.aws.open_work import DynamoDBOpenWork
from adapters.aws.rate_limiter import DynamoDBRateLimiter
from adapters.aws.suppression_records import suppression_key
from adapters.aws.suppressions import DynamoDBSuppressionRepository
from adapters.aws.table import Put, Table
from adapters.aws.templates import DynamoDBTemplateRepository
from adapters.aws.times import time_to_text
from adapters.system.ids import SystemIds
from domain.campaign import CampaignCategory, CampaignState, UnknownPolicy
from domain.chunk import ChunkRef
from domain.contact import Contact
from domain.contact_export import ContactExport
from domain.contact_import import ContactImport, CsvPosition, ImportPlan
from domain.erasure import Erasure
from domain.errors import VersionConflict
from domain.grants import TOLERANCE, WINDOW, Grant
from domain.identifiers import AttemptToken, ContactId, JobId, SuppressionId, TemplateId
from domain.job import JobState
from domain.job_run import ErasureRun
from domain.ports.jobs import AnyJob
from domain.priority import Priority
from domain.recipient import RecipientProgress, RecipientState
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.template import Content
from tests.contracts.aws_family import Deployment, create_table
from tests.contracts.examples import CAMPAIGN_ID, a_chunk
from tests.contracts.settable_clock import START, SettableClock

REF = ChunkRef(CAMPAIGN_ID, 0, 0)
CAMPAIGN = {
    "pk": campaign_key(CAMPAIGN_ID)[0],
    "sk": campaign_key(CAMPAIGN_ID)[1],
    "schema": 1,
    "listing": "campaigns",
    "listing_id": CAMPAIGN_ID,
    "name": "Autumn",
    "template_id": "promo-template",
    "segment_id": "vip-customers",
    "state": "sending",
    "execution_path": "immediate",
    "schedule_at": "2026-01-01T00:00:00.000000Z",
    "created_at": "2026-01-01T00:00:00.000000Z",
    "version": 3,
    "revision": 1,
    "schedule_version": 1,
}
PROGRESS = {
    "pk": progress_key(REF)[0],
    "sk": progress_key(REF)[1],
    "schema": 1,
    "version": 2,
    "states": "SU",
    "checks": 0,
    "expires_at": 1_800_000_000,
}
DETAILS = [["attempt-1", "message-1", None], ["attempt-1", None, "cut"]]


TEMPLATE = {
    "pk": "TEMPLATE#promo",
    "sk": "TEMPLATE",
    "schema": 1,
    "listing": "templates",
    "listing_id": "promo",
    "name": "Promo",
    "created_at": "2026-01-01T00:00:00.000000Z",
    "subject": "Hello",
    "html": "<p>Hello</p>",
    "text": "Hello",
}


def stored(deployment: Deployment, details: object) -> DynamoDBChunkRepository:
    """These records, in a table of their own."""
    clock = SettableClock()
    table = Table(deployment.clients, create_table(deployment), clock, SystemIds())
    table.put(Put(CAMPAIGN))
    table.put(Put(manifest_to_item(a_chunk(), 1_800_000_000)))
    more = {} if details is None else {"details": zlib.compress(json.dumps(details).encode())}
    table.put(Put({**PROGRESS, **more}))
    return DynamoDBChunkRepository(table, lambda: b"key")


def test_a_chunk_and_its_campaign(deployment: Deployment) -> None:
    """No re-send, no flags, nobody's put-back: the unknown one may be settled by hand."""
    chunks = stored(deployment, DETAILS)
    loaded = chunks.load(REF)
    assert loaded is not None
    campaign, chunk = loaded

    assert (campaign.state, campaign.unknown_policy) == (CampaignState.SENDING, UnknownPolicy.HOLD)
    assert campaign.category is CampaignCategory.MARKETING
    assert campaign.priority is Priority.NORMAL
    assert campaign.history == ()
    assert campaign.cancel(START).history[0].number == 1
    assert chunk.progress == (
        RecipientProgress(RecipientState.SENT, AttemptToken("attempt-1"), "message-1"),
        RecipientProgress(RecipientState.UNKNOWN, AttemptToken("attempt-1"), reason="cut"),
    )
    assert (chunk.unknown_since, chunk.put_backs, chunk.finished_at) == (None, 0, None)
    assert chunk.progress[1].may_be_resent


def test_a_chunk_of_which_nothing_was_told(deployment: Deployment) -> None:
    """Without any details it has states only."""
    loaded = stored(deployment, None).load(REF)
    assert loaded is not None
    assert loaded[1].progress == (
        RecipientProgress(RecipientState.SENT),
        RecipientProgress(RecipientState.UNKNOWN),
    )


def test_a_suppression_from_before_scopes_holds_back_everything(deployment: Deployment) -> None:
    """It was a bounce, a complaint or an operator's doing; a weaker one does not replace it."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    key = suppression_key(b"key", "a@example.com")
    since = "2026-03-02T09:00:00.000000Z"
    old = {"pk": key[0], "sk": key[1], "schema": 1, "reason": "bounce", "since": since}
    table.put(Put({**old, "address": "a@example.com"}))
    suppressions = DynamoDBSuppressionRepository(table, lambda: b"key")

    chunks = DynamoDBChunkRepository(table, lambda: b"key")
    now = SettableClock().now()
    reason = SuppressionReason.UNSUBSCRIBE
    entries = [
        suppressions.add(Suppression("a@example.com", reason, now, scope))
        for scope in SuppressionScope
    ]

    assert [(each.reason, each.scope) for each in entries] == [
        (SuppressionReason.BOUNCE, SuppressionScope.ALL)
    ] * 2
    assert chunks.permission(CAMPAIGN_ID, ["a@example.com"]).suppressed == {"a@example.com"}


def test_a_template_that_has_its_only_version_in_it(deployment: Deployment) -> None:
    """It is read, listed and edited as any other."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    table.put(Put(TEMPLATE))
    templates = DynamoDBTemplateRepository(table)
    first = templates.get(TemplateId("promo"))
    assert first is not None
    assert (first.version, first.content) == (1, Content("Hello", "<p>Hello</p>", "Hello"))
    assert templates.version(first.template_id, 1) == first
    assert list(templates.versions(first.template_id, None, 5)) == [first.summary]
    assert templates.page(10, None).templates == (first.summary,)

    second = first.edit("Promo", Content("New", "<p>", "New"), first.updated_at)
    templates.save(second, first)

    assert templates.get(first.template_id) == second
    assert templates.version(first.template_id, 1) == first
    assert [each.version for each in templates.versions(first.template_id, None, 5)] == [2, 1]
    assert templates.page(10, None).templates == (second.summary,)
    with pytest.raises(VersionConflict):
        templates.save(second, first)


@pytest.mark.parametrize(
    ("record", "job"),
    [
        (
            {"listing": "imports", "job_state": "awaiting_upload", "plan": "{}"},
            ContactImport(
                job_id=JobId("job_1"),
                created_at=START,
                state=JobState.AWAITING_UPLOAD,
                plan=ImportPlan(),
            ),
        ),
        (
            {
                "listing": "imports",
                "job_state": "running",
                "plan": "{}",
                "position": {"offset": 12, "line": 2},
            },
            ContactImport(
                job_id=JobId("job_1"),
                created_at=START,
                state=JobState.RUNNING,
                plan=ImportPlan(),
                position=CsvPosition(12, 2),
            ),
        ),
        (
            {"listing": "exports", "job_state": "running"},
            ContactExport(job_id=JobId("job_1"), created_at=START, state=JobState.RUNNING),
        ),
    ],
)
def test_a_job_with_nothing_but_what_every_job_has(
    deployment: Deployment, record: dict[str, object], job: AnyJob
) -> None:
    """All else is as of a new one."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    pk, sk = job_key(JobId("job_1"))
    shared = {
        "pk": pk,
        "sk": sk,
        "schema": 1,
        "listing_id": "job_1",
        "created_at": time_to_text(START),
        "version": 0,
    }
    table.put(Put({**shared, **record}))

    assert DynamoDBJobRepository(table).get(JobId("job_1")) == job


def test_a_contact_from_before_imports(deployment: Deployment) -> None:
    """No row made it, and the first that changes it is told."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    contact_id = ContactId("con_1")
    pk, sk = contact_key(contact_id)
    table.put(
        Put(
            {
                "pk": pk,
                "sk": sk,
                "schema": 1,
                "contact_id": contact_id,
                "address": "ada@example.com",
                "fields": "{}",
                "version": 3,
            }
        )
    )
    contacts = DynamoDBContactRepository(table, SystemIds(), lambda: b"tests only")

    assert contacts.get([contact_id]) == (Contact(contact_id, "ada@example.com", {}, revision=3),)


def test_an_erasure_from_before_it_was_looked_after(deployment: Deployment) -> None:
    """It is gone on with when it is asked for again, and from then on by the reconciler, too."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    contact_id = ContactId("con_1")
    pk, sk = erasure_key(contact_id)
    record = {"pk": pk, "sk": sk, "schema": 1, "contact_id": contact_id, "suppression_id": "s"}
    table.put(Put(record))
    contacts = DynamoDBContactRepository(table, SystemIds(), lambda: b"tests only")
    open_work = DynamoDBOpenWork(table)

    erasure = contacts.begin_erasure(contact_id, START)

    assert erasure == Erasure(contact_id, SuppressionId("s"))
    assert list(open_work.due_jobs(START, 10)) == []
    contacts.note_erasure(replace(erasure, next_check_at=START))
    assert list(open_work.due_jobs(START, 10)) == [ErasureRun(contact_id)]


def test_grants_from_before_there_were_lanes(deployment: Deployment) -> None:
    """They count as those of what is not urgent, and what is urgent comes after them."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    pk, sk = GRANTS_KEY
    at = time_to_text(START)
    table.put(Put({"pk": pk, "sk": sk, "schema": 1, "version": 4, "grants": [[at, 10]]}))
    limiter = DynamoDBRateLimiter(table, 10)

    later = START + WINDOW + TOLERANCE
    grant = limiter.request(10, START, timedelta(minutes=1), Priority.URGENT)
    assert grant == Grant(later, 10, Priority.URGENT)


def test_grants_are_written_as_before_there_were_lanes(deployment: Deployment) -> None:
    """Workers of then, while a stack is updated or after a roll-back, read them and go on."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    limiter = DynamoDBRateLimiter(table, 10)

    for priority in Priority:
        limiter.request(4, START, timedelta(), priority)

    stored_grants = table.get(GRANTS_KEY)
    assert stored_grants is not None
    assert stored_grants["grants"] == [[time_to_text(START), 4], [time_to_text(START), 4]]


@pytest.mark.parametrize("lane", ["urgent", "normal"])
def test_grants_that_named_their_lanes_themselves(deployment: Deployment, lane: str) -> None:
    """For a while they did: what is of the other lane may come before them, of theirs may not."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    pk, sk = GRANTS_KEY
    later = START + timedelta(seconds=5)
    entry = [time_to_text(later), 4, *(["urgent"] if lane == "urgent" else [])]
    table.put(Put({"pk": pk, "sk": sk, "schema": 1, "version": 4, "grants": [entry]}))
    limiter = DynamoDBRateLimiter(table, 10)

    granted = [limiter.request(1, START, timedelta(minutes=1), each) for each in Priority]

    assert granted == [Grant(later if each.value == lane else START, 1, each) for each in Priority]
