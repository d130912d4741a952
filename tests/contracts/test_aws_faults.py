"""What AWS answers and no emulator does, as AWS documents it, met by the aws family.

Throttles, conflicts, unprocessed items, cut connections, lost answers: each is put between the
boto3 client and the emulator (`wire.py`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from adapters.aws.clients import AwsClients
from domain.campaign import PauseReason
from domain.contact import Contact, ContactDraft
from domain.errors import (
    AlreadyExists,
    DependencyFault,
    DependencyRefused,
    DependencyUnavailable,
    IdempotencyKeyInUse,
    VersionConflict,
)
from domain.fan_out import MAX_RANGES, new_ranges
from domain.grants import Grant
from domain.identifiers import LeaseToken
from domain.job_run import ErasureRun
from domain.key_space import WHOLE_KEY_SPACE
from domain.outcome import Unknown
from domain.ports.jobs import JobKind
from domain.priority import Priority
from domain.suppression import (
    Suppression,
    SuppressionReason,
    SuppressionScope,
    suppression_id_of,
)
from domain.tally import Tally
from tests.contracts.aws_family import Deployment, aws_family
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    a_campaign,
    a_chunk,
    a_segment,
    claimed,
    named,
    recipients,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import ADDRESS_HASH_KEY, RATE_LIMIT, Family
from tests.contracts.settable_clock import START
from tests.contracts.test_analytics import LINE
from tests.contracts.test_chunks import finished, tally_of
from tests.contracts.test_contents import CONTENT
from tests.contracts.test_idempotency import ANSWER, a_record
from tests.contracts.test_jobs import WHOLE_EXPORT, WHOLE_IMPORT
from tests.contracts.test_segments import VIPS, contact_ids, read_all
from tests.contracts.test_templates import a_template
from tests.contracts.test_webhooks import a_delivery, an_endpoint
from tests.contracts.wire import (
    Step,
    body_of,
    cancelled,
    cut,
    error,
    forward,
    intercepted,
    lost_answer,
    response,
    through,
)

ADDRESS = "ada@example.com"
UNKNOWN = replace(finished(a_chunk(), Unknown("cut")), version=1)
RESENT = UNKNOWN.resend([0, 1], LATER)
THROTTLED = error("ThrottlingException")
FAILED = error("InternalServerError", 500)
CONFLICT = error("TransactionConflictException")
IN_PROGRESS = error("TransactionInProgressException")


pytestmark = pytest.mark.usefixtures("no_backoff")


@pytest.fixture
def family(deployment: Deployment, clients: AwsClients) -> Family:
    """The aws family over clients of this test's own."""
    return aws_family(deployment, clients)


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write of one port: `prepare` what it needs, `act`, and see whether it is `done` once."""

    name: str
    operation: str
    prepare: Callable[[Family], None]
    act: Callable[[Family], object]
    done: Callable[[Family], bool]
    loss: type[Exception] | None = VersionConflict
    """What a failed condition is told as; None where it changes nothing for the caller."""


def a_campaign_with_a_chunk(family: Family) -> None:
    """Sending."""
    stored_campaign(family)
    stored_chunks(family, [a_chunk()])


def an_unsubscribed_address(family: Family) -> None:
    """From marketing only."""
    scope = SuppressionScope.MARKETING
    family.suppressions.add(Suppression(ADDRESS, SuppressionReason.UNSUBSCRIBE, START, scope))


def an_unsubscribed_address_that_bounced(family: Family) -> None:
    """On the list for the bounce, with what the reader asked for beside it."""
    an_unsubscribed_address(family)
    family.suppressions.add(Suppression(ADDRESS, SuppressionReason.BOUNCE, START))


def a_campaign_with_an_unknown_outcome(family: Family) -> None:
    """Sending, and of its only chunk nobody knows anything."""
    a_campaign_with_a_chunk(family)
    family.chunks.save(UNKNOWN, a_chunk())


def a_campaign_with_a_range(family: Family) -> None:
    """Sending."""
    stored_campaign(family)


def a_contact(family: Family) -> None:
    """Of the address."""
    family.contacts.put([ContactDraft.of(ADDRESS, {"n": 0})])


def an_erasure(family: Family) -> None:
    """Under way."""
    a_contact(family)
    family.contacts.begin_erasure(the_contact(family).contact_id, START)


def note_erasure(family: Family) -> None:
    """That it is due later."""
    (run,) = family.open_work.due_jobs(START, 9)
    assert isinstance(run, ErasureRun)
    erasure = family.contacts.begin_erasure(run.contact_id, START)
    assert erasure is not None
    family.contacts.note_erasure(replace(erasure, next_check_at=LATER))


def the_contact(family: Family) -> Contact:
    """As it is stored."""
    contact = family.contacts.find(ADDRESS)
    assert contact is not None
    return contact


def nothing(_: Family) -> None:
    """Nothing is needed."""


def fill_a_second(family: Family) -> None:
    """With what is not urgent."""
    family.rate_limiter.request(RATE_LIMIT, START, timedelta(), Priority.NORMAL)


def leaves_room(family: Family) -> bool:
    """To what is urgent, by another worker, in the next second."""
    answer = family.rate_limiter_elsewhere.request(
        RATE_LIMIT, START, timedelta(seconds=2), Priority.NORMAL
    )
    return isinstance(answer, Grant) and answer.messages == RATE_LIMIT // 4


def granted_at_most(family: Family) -> int:
    """By another worker, to who asks for as many as the limit."""
    answer = family.rate_limiter_elsewhere.request(RATE_LIMIT, START, timedelta(), Priority.NORMAL)
    assert isinstance(answer, Grant)
    return answer.messages


def version_of_campaign(family: Family) -> int | None:
    """None if there is none."""
    campaign = family.campaigns.get(CAMPAIGN_ID)
    return None if campaign is None else campaign.version


def version_of_record(family: Family) -> int | None:
    """None if there is none."""
    record = family.idempotency.get(a_record().digest)
    return None if record is None else record.version


def a_line(family: Family) -> None:
    """Of analytics."""
    family.analytics.save(LINE)


def a_request_under_a_key(family: Family) -> None:
    """In progress."""
    family.idempotency.save(a_record())


def version_of_chunk(family: Family) -> int | None:
    """None if there is none."""
    loaded = family.chunks.load(a_chunk().ref)
    return None if loaded is None else loaded[1].version


def version_of_range(family: Family) -> int:
    """Of the first."""
    return family.fan_out.progress(CAMPAIGN_ID).ranges[0].version


def claim(family: Family) -> object:
    """The first range and its campaign, as they were added."""
    (fan_out_range,) = family.fan_out.progress(CAMPAIGN_ID).ranges
    held = fan_out_range.claim(LeaseToken("lease-1"), LATER)
    return family.fan_out.claim(held, a_campaign().start(START, LATER))


def save_range(family: Family) -> object:
    """The first range, held."""
    (fan_out_range,) = family.fan_out.progress(CAMPAIGN_ID).ranges
    return family.fan_out.save(fan_out_range.claim(LeaseToken("lease-1"), LATER))


def split_range(family: Family) -> object:
    """The first range, into itself and others."""
    fan_out_range = family.fan_out.progress(CAMPAIGN_ID).ranges[0]
    less, others = replace(fan_out_range, cursor="10.con_1", version=0).split()
    return family.fan_out.split(less, others)


def contact_is_known(family: Family) -> bool:
    """Under an id that it keeps."""
    (first,) = family.contacts.put([ContactDraft.of(ADDRESS, {"n": 1})])
    (second,) = family.contacts.put([ContactDraft.of(ADDRESS, {"n": 1})])
    return family.contacts.get([first.contact_id]) == (second,)


WRITES = [
    Write(
        name="add a campaign",
        operation="TransactWriteItems",
        prepare=nothing,
        act=stored_campaign,
        done=lambda family: version_of_campaign(family) == 0,
        loss=AlreadyExists,
    ),
    Write(
        name="add a campaign under a key",
        operation="TransactWriteItems",
        prepare=nothing,
        act=lambda family: family.campaigns.add(
            a_campaign(), new_ranges(CAMPAIGN_ID, 1), a_record()
        ),
        done=lambda family: version_of_campaign(family) == 0 and version_of_record(family) == 1,
    ),
    Write(
        name="begin under a key",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.idempotency.save(a_record()),
        done=lambda family: version_of_record(family) == 1,
        loss=IdempotencyKeyInUse,
    ),
    Write(
        name="keep an answer",
        operation="PutItem",
        prepare=a_request_under_a_key,
        act=lambda family: family.idempotency.save(a_record().stored().complete(ANSWER)),
        done=lambda family: version_of_record(family) == 2,
        loss=IdempotencyKeyInUse,
    ),
    Write(
        name="save a campaign",
        operation="PutItem",
        prepare=a_campaign_with_a_range,
        act=lambda family: family.campaigns.save(named(a_campaign(), "Saved")),
        done=lambda family: version_of_campaign(family) == 1,
    ),
    Write(
        name="change a campaign's state",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_range,
        act=lambda family: family.campaigns.save(a_campaign().pause(LATER, PauseReason.OPERATOR)),
        done=lambda family: (
            version_of_campaign(family) == 1 and len(family.campaign_changes.due(10)) == 1
        ),
    ),
    Write(
        name="add a webhook",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.webhooks.add(an_endpoint()),
        done=lambda family: list(family.webhooks.all()) == [an_endpoint()],
        loss=AlreadyExists,
    ),
    Write(
        name="save a webhook",
        operation="PutItem",
        prepare=lambda family: family.webhooks.add(an_endpoint()),
        act=lambda family: family.webhooks.save(an_endpoint().disable("Gone")),
        done=lambda family: [each.version for each in family.webhooks.all()] == [1],
    ),
    Write(
        name="save a delivery of a webhook",
        operation="PutItem",
        prepare=lambda family: family.webhook_deliveries.add_if_absent(a_delivery()),
        act=lambda family: family.webhook_deliveries.save(a_delivery().deliver(LATER, 204)),
        done=lambda family: (
            family.webhook_deliveries.get(a_delivery().ref)
            == replace(a_delivery().deliver(LATER, 204), version=1)
        ),
    ),
    Write(
        name="save a chunk",
        operation="PutItem",
        prepare=a_campaign_with_a_chunk,
        act=lambda family: family.chunks.save(claimed(a_chunk()), a_chunk()),
        done=lambda family: version_of_chunk(family) == 1,
    ),
    Write(
        name="finish a chunk",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_chunk,
        act=lambda family: family.chunks.save(finished(a_chunk()), a_chunk()),
        done=lambda family: (
            version_of_chunk(family) == 1 and tally_of(family) == Tally(sent=2, finished_chunks=1)
        ),
    ),
    Write(
        name="reopen a chunk",
        operation="TransactWriteItems",
        prepare=a_campaign_with_an_unknown_outcome,
        act=lambda family: family.chunks.reopen(RESENT, UNKNOWN, a_campaign()),
        done=lambda family: (
            (version_of_chunk(family), version_of_campaign(family)) == (2, 1)
            and tally_of(family) == Tally()
        ),
    ),
    Write(
        name="claim a range",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_range,
        act=claim,
        done=lambda family: version_of_range(family) == version_of_campaign(family) == 1,
    ),
    Write(
        name="append chunks",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_range,
        act=lambda family: stored_chunks(family, [a_chunk()]),
        done=lambda family: version_of_range(family) == 1 and version_of_chunk(family) == 0,
    ),
    Write(
        name="split a range",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_range,
        act=split_range,
        done=lambda family: (
            version_of_range(family) == 1
            and len(family.fan_out.progress(CAMPAIGN_ID).ranges) == MAX_RANGES
        ),
    ),
    Write(
        name="save a range",
        operation="PutItem",
        prepare=a_campaign_with_a_range,
        act=save_range,
        done=lambda family: version_of_range(family) == 1,
    ),
    Write(
        name="add a template",
        operation="TransactWriteItems",
        prepare=nothing,
        act=lambda family: family.templates.add(a_template()),
        done=lambda family: family.templates.get(a_template().template_id) == a_template(),
        loss=AlreadyExists,
    ),
    Write(
        name="add a segment",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.segments.add(a_segment()),
        done=lambda family: family.segments.get(VIPS) == a_segment(),
        loss=AlreadyExists,
    ),
    Write(
        name="add members",
        operation="BatchWriteItem",
        prepare=nothing,
        act=lambda family: family.segments.add_members(VIPS, contact_ids(3)),
        done=lambda family: read_all(family) == contact_ids(3),
        loss=None,
    ),
    Write(
        name="add a content",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.contents.add_if_absent(CAMPAIGN_ID, CONTENT),
        done=lambda family: family.contents_elsewhere.get(CAMPAIGN_ID) == CONTENT,
        loss=None,
    ),
    Write(
        name="suppress an address",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.suppressions.add(
            Suppression(ADDRESS, SuppressionReason.BOUNCE, START)
        ),
        done=lambda family: family.suppression_of(ADDRESS) is not None,
        loss=None,
    ),
    Write(
        name="suppress an address from more",
        operation="PutItem",
        prepare=an_unsubscribed_address,
        act=lambda family: family.suppressions.add(
            Suppression(ADDRESS, SuppressionReason.BOUNCE, START)
        ),
        done=lambda family: (
            family.suppression_of(ADDRESS) == Suppression(ADDRESS, SuppressionReason.BOUNCE, START)
        ),
        loss=None,
    ),
    Write(
        name="remove a suppression",
        operation="TransactWriteItems",
        prepare=an_unsubscribed_address,
        act=lambda family: family.suppressions.remove(suppression_id_of(ADDRESS_HASH_KEY, ADDRESS)),
        done=lambda family: family.suppression_of(ADDRESS) is None,
        loss=None,
    ),
    Write(
        name="remove a suppression beside an unsubscribe",
        operation="PutItem",
        prepare=an_unsubscribed_address_that_bounced,
        act=lambda family: family.suppressions.remove(suppression_id_of(ADDRESS_HASH_KEY, ADDRESS)),
        done=lambda family: (
            family.suppression_of(ADDRESS)
            == Suppression(
                ADDRESS, SuppressionReason.UNSUBSCRIBE, START, SuppressionScope.MARKETING
            )
        ),
        loss=None,
    ),
    Write(
        name="put a new contact",
        operation="TransactWriteItems",
        prepare=nothing,
        act=lambda family: family.contacts.put([ContactDraft.of(ADDRESS, {"n": 1})]),
        done=contact_is_known,
        loss=None,
    ),
    Write(
        name="save a contact",
        operation="PutItem",
        prepare=a_contact,
        act=lambda family: family.contacts.save(replace(the_contact(family), fields={"n": 1})),
        done=lambda family: the_contact(family).fields == {"n": 1},
    ),
    Write(
        name="begin to erase a contact",
        operation="TransactWriteItems",
        prepare=a_contact,
        act=lambda family: family.contacts.begin_erasure(the_contact(family).contact_id, LATER),
        done=lambda family: family.contacts.find(ADDRESS) is None,
        loss=None,
    ),
    Write(
        name="note how far an erasure is",
        operation="PutItem",
        prepare=an_erasure,
        act=note_erasure,
        done=lambda family: list(family.open_work.due_jobs(START, 9)) == [],
        loss=None,
    ),
    Write(
        name="erase a recipient",
        operation="TransactWriteItems",
        prepare=a_campaign_with_a_chunk,
        act=lambda family: family.chunks.erase(a_chunk().erase(0), a_chunk()),
        done=lambda family: version_of_chunk(family) == 1,
    ),
    Write(
        name="forget a suppressed address",
        operation="PutItem",
        prepare=an_unsubscribed_address,
        act=lambda family: family.suppressions.forget(suppression_id_of(ADDRESS_HASH_KEY, ADDRESS)),
        done=lambda family: ADDRESS not in repr(family.suppressions.entry(ADDRESS)),
        loss=None,
    ),
    Write(
        name="take a member out",
        operation="DeleteItem",
        prepare=lambda family: family.segments.add_members(VIPS, contact_ids(1)),
        act=lambda family: family.segments.remove_member(VIPS, contact_ids(1)[0]),
        done=lambda family: read_all(family) == [],
        loss=None,
    ),
    Write(
        name="put a known contact",
        operation="TransactWriteItems",
        prepare=a_contact,
        act=lambda family: family.contacts.put([ContactDraft.of(ADDRESS, {"n": 1})]),
        done=contact_is_known,
        loss=None,
    ),
    Write(
        name="add a job",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.jobs.add(WHOLE_IMPORT),
        done=lambda family: family.jobs.get(WHOLE_IMPORT.job_id) == WHOLE_IMPORT,
        loss=AlreadyExists,
    ),
    Write(
        name="save a job",
        operation="PutItem",
        prepare=lambda family: family.jobs.add(WHOLE_EXPORT),
        act=lambda family: family.jobs.save(WHOLE_EXPORT),
        done=lambda family: (
            family.jobs.get(WHOLE_EXPORT.job_id) == replace(WHOLE_EXPORT, version=1)
        ),
    ),
    Write(
        name="write a line of analytics",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.analytics.save(LINE),
        done=lambda family: family.analytics.get(LINE.ref) == replace(LINE, version=1),
    ),
    Write(
        name="write a line of analytics again",
        operation="PutItem",
        prepare=a_line,
        act=lambda family: family.analytics.save(replace(LINE, version=1)),
        done=lambda family: family.analytics.get(LINE.ref) == replace(LINE, version=2),
    ),
    Write(
        name="ask for a grant",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.rate_limiter.request(
            RATE_LIMIT, START, timedelta(), Priority.NORMAL
        ),
        done=lambda family: isinstance(
            family.rate_limiter_elsewhere.request(1, START, timedelta(), Priority.NORMAL), timedelta
        ),
        loss=None,
    ),
    Write(
        name="be refused a grant",
        operation="PutItem",
        prepare=fill_a_second,
        act=lambda family: family.rate_limiter.request(
            RATE_LIMIT, START, timedelta(), Priority.URGENT
        ),
        done=leaves_room,
        loss=None,
    ),
    Write(
        name="slow down",
        operation="PutItem",
        prepare=nothing,
        act=lambda family: family.rate_limiter.slow_down(START),
        done=lambda family: granted_at_most(family) == RATE_LIMIT // 2,
        loss=None,
    ),
]


def each_write(*operations: str) -> pytest.MarkDecorator:
    """Over the writes that are made of these operations, or over all."""
    return pytest.mark.parametrize(
        "write",
        [
            pytest.param(write, id=write.name)
            for write in WRITES
            if not operations or write.operation in operations
        ],
    )


@each_write()
def test_a_write_whose_answer_was_lost_counts_as_the_success_it_was(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """The SDK repeats it underneath; it is neither done twice nor taken for somebody else's."""
    write.prepare(family)

    with intercepted(clients.dynamodb, write.operation, lost_answer, through) as wire:
        write.act(family)

    assert wire.requests == 2
    assert wire.bodies[0] == wire.bodies[1]
    assert write.done(family)


@each_write("TransactWriteItems")
def test_a_lost_answer_is_recognised_without_the_idempotency_token(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """Were the repetition to meet its own write, as after ten minutes, it would know it."""

    def with_another_token(request: AWSPreparedRequest) -> AWSResponse | None:
        body = body_of(request)
        body["ClientRequestToken"] = body["ClientRequestToken"][::-1]
        answered = forward(request, body)
        return response(request, answered, 400 if "__type" in answered else 200)

    write.prepare(family)

    with intercepted(clients.dynamodb, write.operation, lost_answer, with_another_token):
        write.act(family)

    assert write.done(family)


@each_write()
@pytest.mark.parametrize("step", [THROTTLED, FAILED, cut], ids=["throttled", "failed", "cut"])
def test_what_passes_is_waited_out(
    family: Family, clients: AwsClients, write: Write, step: Step
) -> None:
    """Two requests in a row go wrong, the third is taken."""
    write.prepare(family)

    with intercepted(clients.dynamodb, write.operation, step, step, through) as wire:
        write.act(family)

    assert wire.requests == 3
    assert write.done(family)


@each_write()
@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (error("ProvisionedThroughputExceededException"), DependencyFault),
        (error("AccessDeniedException"), DependencyRefused),
        (FAILED, DependencyUnavailable),
        (error("InternalError", 507), DependencyUnavailable),
        (cut, DependencyUnavailable),
    ],
    ids=["throttled", "denied", "failed", "failed and not repeated", "cut"],
)
def test_what_lasts_is_a_fault_and_nothing_is_written(
    family: Family, clients: AwsClients, write: Write, step: Step, fault: type[DependencyFault]
) -> None:
    """Told apart by whether it may have been done."""
    write.prepare(family)

    with (
        intercepted(clients.dynamodb, write.operation, step),
        pytest.raises(fault),
    ):
        write.act(family)

    write.act(family)  # as if for the first time
    assert write.done(family)


@each_write()
def test_a_lost_answer_and_a_throttle_after_it_are_not_a_refusal(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """That the last request did nothing does not mean that the first did nothing."""
    write.prepare(family)

    with (
        intercepted(clients.dynamodb, write.operation, lost_answer, THROTTLED),
        pytest.raises(DependencyUnavailable),
    ):
        write.act(family)


@each_write("PutItem")
def test_a_single_write_that_meets_a_transaction_is_repeated(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """TransactionConflictException is no lost race: nobody else wrote."""
    write.prepare(family)

    with intercepted(clients.dynamodb, write.operation, CONFLICT, CONFLICT, through):
        write.act(family)

    assert write.done(family)


@each_write("TransactWriteItems")
@pytest.mark.parametrize(
    "step",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("TransactionConflict", "ThrottlingError"),
        cancelled("ProvisionedThroughputExceeded", "None"),
        IN_PROGRESS,
    ],
    ids=["conflict", "conflict and throttle", "throughput", "in progress"],
)
def test_a_transaction_that_meets_another_is_repeated(
    family: Family, clients: AwsClients, write: Write, step: Step
) -> None:
    """It is no lost race: nobody else wrote."""
    write.prepare(family)

    with intercepted(clients.dynamodb, write.operation, step, step, through):
        write.act(family)

    assert write.done(family)


@each_write("TransactWriteItems")
def test_conflicts_without_end_are_a_fault(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """Not a VersionConflict, and not for ever."""
    write.prepare(family)

    with (
        intercepted(clients.dynamodb, write.operation, cancelled("TransactionConflict")),
        pytest.raises(DependencyFault),
    ):
        write.act(family)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write, id=write.name)
        for write in WRITES
        if write.operation == "TransactWriteItems" and write.loss is not None
    ],
)
def test_a_failed_condition_beside_a_conflict_is_a_lost_race(
    family: Family, clients: AwsClients, write: Write
) -> None:
    """There is no use in repeating it."""
    assert write.loss is not None
    write.prepare(family)

    with (
        intercepted(
            clients.dynamodb,
            write.operation,
            cancelled("ConditionalCheckFailed", "TransactionConflict"),
        ) as wire,
        pytest.raises(write.loss),
    ):
        write.act(family)

    assert wire.requests == 1


def test_a_fault_tells_nothing_personal(family: Family, clients: AwsClients) -> None:
    """What AWS says may quote what was sent; what is raised does not."""
    quoting = error("ValidationException", message=f"Bad key: {ADDRESS}")

    with (
        intercepted(clients.dynamodb, "BatchGetItem", quoting),
        pytest.raises(DependencyRefused) as fault,
    ):
        family.chunks.permission(CAMPAIGN_ID, [ADDRESS])

    assert ADDRESS not in str(fault.value)


@dataclass(frozen=True, kw_only=True)
class Read:
    """One read of one port, and what it finds."""

    name: str
    operation: str
    act: Callable[[Family], object]


def stored(family: Family) -> None:
    """Something for every read to find."""
    a_campaign_with_a_chunk(family)
    a_request_under_a_key(family)
    family.jobs.add(WHOLE_IMPORT)
    family.analytics.save(LINE)
    family.templates.add(a_template())
    family.segments.add(a_segment())
    family.segments.add_members(VIPS, contact_ids(3))
    family.contents.add_if_absent(CAMPAIGN_ID, CONTENT)
    family.suppressions.add(Suppression(recipients(1)[0].address, SuppressionReason.BOUNCE, START))


READS = [
    Read(
        name="a campaign",
        operation="GetItem",
        act=lambda family: family.campaigns.get(CAMPAIGN_ID),
    ),
    Read(
        name="an idempotency record",
        operation="GetItem",
        act=lambda family: family.idempotency.get(a_record().digest),
    ),
    Read(
        name="campaigns",
        operation="Query",
        act=lambda family: family.campaigns.page(None, 10, None).campaigns,
    ),
    Read(
        name="a chunk",
        operation="BatchGetItem",
        act=lambda family: family.chunks.load(a_chunk().ref),
    ),
    Read(
        name="permission",
        operation="BatchGetItem",
        act=lambda family: family.chunks.permission(
            CAMPAIGN_ID, [each.address for each in recipients(3)]
        ),
    ),
    Read(
        name="progress",
        operation="Query",
        act=lambda family: family.fan_out.progress(CAMPAIGN_ID),
    ),
    Read(
        name="content",
        operation="GetItem",
        act=lambda family: family.contents_elsewhere.get(CAMPAIGN_ID),
    ),
    Read(
        name="a template",
        operation="Query",
        act=lambda family: family.templates.get(a_template().template_id),
    ),
    Read(
        name="a segment",
        operation="GetItem",
        act=lambda family: family.segments.get(VIPS),
    ),
    Read(
        name="a job",
        operation="GetItem",
        act=lambda family: family.jobs.get(WHOLE_IMPORT.job_id),
    ),
    Read(
        name="jobs",
        operation="Query",
        act=lambda family: family.jobs.page(JobKind.IMPORT, 10, None).jobs,
    ),
    Read(
        name="jobs that are due",
        operation="Query",
        act=lambda family: list(family.open_work.due_jobs(LATER + timedelta(days=1), 10)),
    ),
    Read(
        name="a line of analytics",
        operation="GetItem",
        act=lambda family: family.analytics.get(LINE.ref),
    ),
    Read(
        name="lines that are due",
        operation="Query",
        act=lambda family: list(family.open_work.due_lines(LATER + timedelta(days=1), 10)),
    ),
    Read(name="members", operation="Query", act=read_all),
    Read(
        name="open work",
        operation="Query",
        act=lambda family: list(family.open_work.due(LATER, 10)),
    ),
]


def each_read(*operations: str) -> pytest.MarkDecorator:
    """Over the reads that are made of these operations, or over all."""
    return pytest.mark.parametrize(
        "read",
        [
            pytest.param(read, id=read.name)
            for read in READS
            if not operations or read.operation in operations
        ],
    )


@each_read()
@pytest.mark.parametrize("step", [THROTTLED, FAILED, cut], ids=["throttled", "failed", "cut"])
def test_a_read_that_goes_wrong_is_repeated(
    family: Family, clients: AwsClients, read: Read, step: Step
) -> None:
    """And finds what it would have found."""
    stored(family)
    expected = read.act(family)

    with intercepted(clients.dynamodb, read.operation, step, step, through):
        assert read.act(family) == expected


@each_read()
@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (THROTTLED, DependencyFault),
        (error("AccessDeniedException"), DependencyRefused),
        (FAILED, DependencyUnavailable),
        (cut, DependencyUnavailable),
    ],
    ids=["throttled", "denied", "failed", "cut"],
)
def test_a_read_that_keeps_going_wrong_is_a_fault(
    family: Family, clients: AwsClients, read: Read, step: Step, fault: type[DependencyFault]
) -> None:
    """Never taken for nothing being there."""
    stored(family)

    with intercepted(clients.dynamodb, read.operation, step), pytest.raises(fault):
        read.act(family)


def only_the_first_key(request: AWSPreparedRequest) -> AWSResponse:
    """BatchGetItem that leaves all keys but one unprocessed."""
    body = body_of(request)
    ((table, wanted),) = body["RequestItems"].items()
    first = {**body, "RequestItems": {table: {**wanted, "Keys": wanted["Keys"][:1]}}}
    rest = {**wanted, "Keys": wanted["Keys"][1:]}
    answered = forward(request, first)
    return response(request, {**answered, "UnprocessedKeys": {table: rest} if rest["Keys"] else {}})


def no_key(request: AWSPreparedRequest) -> AWSResponse:
    """BatchGetItem that leaves every key unprocessed."""
    return response(request, {"Responses": {}, "UnprocessedKeys": body_of(request)["RequestItems"]})


@each_read("BatchGetItem")
def test_unprocessed_keys_are_asked_for_again(
    family: Family, clients: AwsClients, read: Read
) -> None:
    """As consistently as the first time; nothing that was left out is taken for absent."""
    stored(family)
    expected = read.act(family)

    with intercepted(
        clients.dynamodb, "BatchGetItem", no_key, only_the_first_key, only_the_first_key, through
    ) as wire:
        assert read.act(family) == expected

    asked = [next(iter(body["RequestItems"].values())) for body in wire.bodies]
    assert [each["ConsistentRead"] for each in asked] == [True] * wire.requests


def test_unprocessed_contacts_are_asked_for_again(family: Family, clients: AwsClients) -> None:
    """Also in the second hundred, and in order."""
    contacts = family.contacts.put(
        [ContactDraft.of(f"p{number}@example.com", {}) for number in range(120)]
    )

    with intercepted(
        clients.dynamodb, "BatchGetItem", only_the_first_key, through, no_key, through
    ) as wire:
        found = family.contacts.get([each.contact_id for each in contacts])

    assert found == contacts
    assert wire.requests == 4


@each_read("BatchGetItem")
def test_keys_unprocessed_for_ever_are_a_fault(
    family: Family, clients: AwsClients, read: Read
) -> None:
    """Never an answer that misses them."""
    stored(family)

    with (
        intercepted(clients.dynamodb, "BatchGetItem", no_key),
        pytest.raises(DependencyFault),
    ):
        read.act(family)


def only_the_first_item(request: AWSPreparedRequest) -> AWSResponse:
    """BatchWriteItem that leaves all items but one unprocessed."""
    body = body_of(request)
    ((table, wanted),) = body["RequestItems"].items()
    forward(request, {**body, "RequestItems": {table: wanted[:1]}})
    return response(request, {"UnprocessedItems": {table: wanted[1:]} if wanted[1:] else {}})


def test_unprocessed_members_are_written_again(family: Family, clients: AwsClients) -> None:
    """Nobody is lost."""
    members = contact_ids(30)

    with intercepted(
        clients.dynamodb, "BatchWriteItem", only_the_first_item, only_the_first_item, through
    ) as wire:
        family.segments.add_members(VIPS, members)

    assert wire.requests == 4
    assert read_all(family, limit=100) == members


def test_items_unprocessed_for_ever_are_a_fault(family: Family, clients: AwsClients) -> None:
    """Never a success that misses them."""

    def none(request: AWSPreparedRequest) -> AWSResponse:
        return response(request, {"UnprocessedItems": body_of(request)["RequestItems"]})

    with (
        intercepted(clients.dynamodb, "BatchWriteItem", none),
        pytest.raises(DependencyFault),
    ):
        family.segments.add_members(VIPS, contact_ids(3))


def test_a_grant_lost_in_a_race_is_asked_for_again(family: Family) -> None:
    """The log that the other worker wrote is taken into account."""
    family.rate_limiter.request(
        1, START, timedelta(), Priority.NORMAL
    )  # both have seen a log since
    family.rate_limiter_elsewhere.request(RATE_LIMIT - 2, START, timedelta(), Priority.NORMAL)

    assert family.rate_limiter.request(1, START, timedelta(), Priority.NORMAL) == Grant(START, 1)
    assert isinstance(
        family.rate_limiter.request(1, START, timedelta(), Priority.NORMAL), timedelta
    )


def test_a_refusal_that_says_nothing_new_writes_nothing(
    family: Family, clients: AwsClients
) -> None:
    """Chunks that come again while they must wait cost a read each."""
    fill_a_second(family)
    for limiter in (family.rate_limiter, family.rate_limiter_elsewhere):
        limiter.request(RATE_LIMIT, START, timedelta(), Priority.URGENT)

    with intercepted(clients.dynamodb, "PutItem", through) as wire:
        for limiter in (family.rate_limiter, family.rate_limiter_elsewhere):
            limiter.request(RATE_LIMIT, START, timedelta(), Priority.URGENT)
            limiter.request(1, START, timedelta(), Priority.URGENT)
    assert wire.requests == 0


@pytest.fixture
def small_pages(clients: AwsClients) -> None:
    """Every Query is answered two records at a time, as if the pages were full at 1 MB."""

    def limit(params: dict[str, int], **_: object) -> None:
        params["Limit"] = min(2, params.get("Limit", 2))

    clients.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", limit)


@pytest.mark.usefixtures("small_pages")
def test_all_of_a_campaign_is_counted_over_many_pages(family: Family) -> None:
    """Ranges and tally shards that do not fit one answer."""
    _, ranges = stored_campaign(family, ranges=5)
    chunks = [a_chunk(number, 1) for number in range(9)]
    advanced = stored_chunks(family, chunks, ranges[0])
    for chunk in chunks:
        family.chunks.save(finished(chunk), chunk)

    progress = family.fan_out.progress(CAMPAIGN_ID)

    assert progress.ranges == (advanced, *ranges[1:])
    assert progress.tally == Tally(sent=9, finished_chunks=9)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("limit", [1, 5, 100])
def test_all_members_are_read_over_many_pages(family: Family, limit: int) -> None:
    """None twice, none missing."""
    family.segments.add_members(VIPS, contact_ids(11))

    assert read_all(family, limit=limit) == contact_ids(11)


@pytest.mark.usefixtures("small_pages")
def test_all_open_work_is_found_over_many_pages(family: Family) -> None:
    """Up to the limit."""
    stored_campaign(family, replace(a_campaign(), next_check_at=None))
    chunks = [a_chunk(number) for number in range(10)]
    stored_chunks(family, chunks)
    more = [a_chunk(number) for number in range(10, 40)]
    for start in range(0, 30, 10):
        stored_chunks(family, more[start : start + 10])

    found = family.open_work.due(LATER, 100)

    assert set(found) == {chunk.ref for chunk in chunks + more}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("limit", [1, 3, 10])
def test_lists_are_read_over_many_pages(family: Family, limit: int) -> None:
    """A page of a list is as long as asked for."""
    for number in range(7):
        family.segments.add(a_segment(f"segment-{number}"))

    first = family.segments.page(limit, None)

    assert [each.segment_id for each in first.segments] == [
        f"segment-{number}" for number in range(min(limit, 7))
    ]
    assert (first.cursor is None) == (limit >= 7)


def test_nothing_scans_and_what_must_be_consistent_is(family: Family, clients: AwsClients) -> None:
    """Every read but those of indexes, which cannot be, is strongly consistent."""
    asked: list[tuple[str, dict[str, object]]] = []

    def record(model: SimpleNamespace, params: dict[str, bytes], **_: object) -> None:
        asked.append((str(model.name), json.loads(params["body"])))

    clients.dynamodb.meta.events.register("before-call.dynamodb", record)
    stored(family)
    for read in READS:
        read.act(family)
    contacts = family.contacts.put([ContactDraft.of(ADDRESS, {})])
    family.contacts.get([each.contact_id for each in contacts])
    family.contacts.find(ADDRESS)
    lower, upper = WHOLE_KEY_SPACE
    family.contacts.page(lower=lower, upper=upper, after=None, limit=1)
    family.suppressions.find([ADDRESS])
    family.segments.add_members(VIPS, contact_ids(1))
    family.rate_limiter.request(RATE_LIMIT, START, timedelta(), Priority.NORMAL)
    family.rate_limiter.request(RATE_LIMIT, START, timedelta(), Priority.NORMAL)

    assert {name for name, _ in asked} == {
        "GetItem",
        "BatchGetItem",
        "Query",
        "PutItem",
        "BatchWriteItem",
        "TransactWriteItems",
    }
    for name, body in asked:
        if name == "GetItem" or (name == "Query" and "IndexName" not in body):
            assert body["ConsistentRead"] is True
        if name == "BatchGetItem":
            tables = body["RequestItems"]
            assert isinstance(tables, dict)
            assert [each["ConsistentRead"] for each in tables.values()] == [True]
