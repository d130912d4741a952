"""The contract of `domain.ports.idempotency`, and of campaigns that are added with a record."""

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.aws.clients import AwsClients
from domain.campaign import Campaign
from domain.errors import AlreadyExists, IdempotencyKeyInUse
from domain.fan_out import new_ranges
from domain.idempotency import LEASE, RETENTION, IdempotencyRecord, KeptAnswer
from domain.identifiers import CampaignId
from domain.template import MAX_BODY_BYTES
from tests.contracts.aws_family import Deployment, aws_family
from tests.contracts.examples import CAMPAIGN_ID, a_campaign, stored_campaign
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

ANSWER = KeptAnswer(
    201,
    {"Content-Type": "application/json", "Location": "/v1/templates/promo"},
    '{"name": "Ünïcode ☃"}',
)
IDS = [CampaignId(f"cmp_{number:026d}") for number in range(THREADS)]


def a_record(now: datetime = START, ulid: str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ") -> IdempotencyRecord:
    """A first try."""
    return IdempotencyRecord.begin("d" * 64, "f" * 64, ulid, now)


def test_a_record_is_read_as_it_was_saved(family: Family) -> None:
    """In progress, tried again, released, answered: to the microsecond and the character."""
    record = family.idempotency.save(a_record(START + timedelta(microseconds=1)))
    assert family.idempotency.get(record.digest) == record
    for changed in (
        record.release(START + LEASE, undone=True),
        record.try_again(START + LEASE),
        record.complete(ANSWER),
    ):
        record = family.idempotency.save(replace(changed, version=record.version))
        assert family.idempotency.get(record.digest) == record


def test_an_unknown_digest_is_none(family: Family) -> None:
    """Nothing is raised for a key that nobody sent."""
    assert family.idempotency.get("d" * 64) is None


def test_the_largest_answer_fits(family: Family) -> None:
    """A template's, whose bodies are as long as they may be and cannot be compressed."""
    noise = random.Random(0)  # noqa: S311  no secret
    body = "".join(chr(noise.randrange(32, 127)) for _ in range(2 * MAX_BODY_BYTES))
    answer = KeptAnswer(201, {}, body)
    record = family.idempotency.save(family.idempotency.save(a_record()).complete(answer))

    assert family.idempotency.get(record.digest) == record


def test_the_store_deletes_what_has_expired(deployment: Deployment, clients: AwsClients) -> None:
    """By a number of seconds, not before the last of its time."""
    written: list[dict[str, dict[str, dict[str, str]]]] = []
    clients.dynamodb.meta.events.register(
        "before-call.dynamodb.PutItem",
        lambda params, **_: written.append(json.loads(params["body"])),
    )

    aws_family(deployment, clients).idempotency.save(a_record(START + timedelta(microseconds=1)))

    expires_at = int(written[0]["Item"]["expires_at"]["N"])
    assert expires_at == (START + RETENTION + timedelta(seconds=1)).timestamp()


def test_of_those_who_begin_at_once_one_goes_on(family: Family) -> None:
    """Two requests under one key have one effect."""
    rivals = [a_record(ulid=f"rival-{number}") for number in range(THREADS)]

    winner = winner_of(race(family.idempotency.save, rivals), IdempotencyKeyInUse)

    assert family.idempotency.get(winner.digest) == winner


def test_of_those_who_take_over_one_goes_on(family: Family) -> None:
    """And who was overtaken writes nothing any more."""
    stale = family.idempotency.save(a_record())
    later = START + LEASE
    rivals = [
        stale.try_again(later + timedelta(seconds=number)) for number in range(1, THREADS + 1)
    ]

    winner = winner_of(race(family.idempotency.save, rivals), IdempotencyKeyInUse)

    with pytest.raises(IdempotencyKeyInUse):
        family.idempotency.save(stale.complete(ANSWER))
    assert family.idempotency.get(stale.digest) == winner


def test_an_expired_record_makes_room(family: Family) -> None:
    """Although the store still has it; a moment before it does not."""
    kept = family.idempotency.save(family.idempotency.save(a_record()).complete(ANSWER))
    with pytest.raises(IdempotencyKeyInUse):
        family.idempotency.save(a_record(START + RETENTION - timedelta(microseconds=1)))
    assert family.idempotency.get(kept.digest) == kept

    new = family.idempotency.save(a_record(START + RETENTION))

    assert family.idempotency.get(kept.digest) == new
    assert new.answer is None


def test_a_new_record_does_not_take_the_place_of_a_stale_one(family: Family) -> None:
    """What was in progress may have had its effect: it is taken over, not forgotten."""
    family.idempotency.save(a_record())

    with pytest.raises(IdempotencyKeyInUse):
        family.idempotency.save(a_record(START + LEASE))


def test_a_campaign_is_added_with_its_record(family: Family) -> None:
    """Both are there."""
    family.campaigns.add(a_campaign(), new_ranges(CAMPAIGN_ID, 64), a_record())

    assert family.campaigns.get(CAMPAIGN_ID) == a_campaign()
    assert family.idempotency.get("d" * 64) == a_record().stored()


def test_of_those_who_add_campaigns_under_one_key_one_wins(family: Family) -> None:
    """One campaign is there, with the winner's record, and nothing of the others."""

    def add(campaign_id: CampaignId) -> Campaign:
        campaign = a_campaign(campaign_id)
        record = a_record(ulid=campaign_id.removeprefix("cmp_"))
        family.campaigns.add(campaign, new_ranges(campaign_id, 1), record)
        return campaign

    winner = winner_of(race(add, IDS), IdempotencyKeyInUse)

    stored = [family.campaigns.get(each) for each in IDS]
    assert [each for each in stored if each is not None] == [winner]
    record = family.idempotency.get("d" * 64)
    assert record is not None
    assert record.named("cmp_fresh") == winner.campaign_id
    for each in IDS:
        assert len(family.fan_out.progress(each).ranges) == (each == winner.campaign_id)


def test_a_taken_campaign_id_leaves_no_record(family: Family) -> None:
    """The key is not the one to blame, and stays free."""
    campaign, ranges = stored_campaign(family)

    with pytest.raises(AlreadyExists):
        family.campaigns.add(campaign, ranges, a_record())

    assert family.idempotency.get("d" * 64) is None
