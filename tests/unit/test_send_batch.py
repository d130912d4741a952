"""Dealing with the messages of one batch."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.memory.fan_out import MemoryFanOutRepository
from domain.campaign import CampaignState
from domain.chunk import ChunkRef
from domain.errors import DependencyUnavailable
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, TemplateId
from domain.ports.queue import Delivery
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.sentinel import MINUTE, Sentinel, addresses


class UnreadableFanOut(MemoryFanOutRepository):
    """Does not answer."""

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """No answer."""
        raise DependencyUnavailable(f"No answer for {campaign_id}.")


def received(sentinel: Sentinel) -> Sequence[Delivery]:
    """Up to ten messages."""
    return sentinel.queue.receive(10, timedelta())


def test_all_dealt_with(sentinel: Sentinel) -> None:
    """Every chunk of the batch is sent and may be taken off the queue; the campaign is sent."""
    campaign_id = sentinel.create_started(120)
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_one_that_fails_comes_again(sentinel: Sentinel) -> None:
    """A chunk that could not be sent stays on the queue; the others are dealt with."""
    sentinel.create_started(120)
    first, *others = received(sentinel)
    contents = dict(sentinel.database.contents)
    sentinel.database.contents.clear()
    assert list(sentinel.send_batch([first])) == []
    sentinel.database.contents.update(contents)
    assert list(sentinel.send_batch(others)) == others
    assert sorted(sentinel.mailed()) == sorted(
        recipient.address
        for chunk in sentinel.stored_chunks()
        if chunk.ref != first.chunk
        for recipient in chunk.recipients
    )


def test_content_that_no_longer_compiles(sentinel: Sentinel) -> None:
    """A chunk whose content cannot be rendered at all leaves the rest of its batch alone."""
    broken = sentinel.create_started(1)
    (delivery,) = received(sentinel)
    sentinel.database.contents[broken] = Content("{% if %}", "<p>", "News")
    fine = sentinel.create_campaign(
        CampaignRequest(
            name="More news",
            template_id=TemplateId("greeting"),
            segment_id=sentinel.add_segment([{"name": "Ann"}], "others"),
        )
    )
    sentinel.run_starts()
    others = received(sentinel)
    assert list(sentinel.send_batch([delivery, *others])) == others
    assert sentinel.state(fine.campaign.campaign_id) is CampaignState.SENT


def test_a_check_that_fails(sentinel: Sentinel) -> None:
    """Where only the check for `sent` fails the chunks are dealt with, the reconciler checks."""
    campaign_id = sentinel.create_started(3)
    able, sentinel.fan_out = sentinel.fan_out, UnreadableFanOut(sentinel.database)
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.fan_out = able
    sentinel.pass_time(MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_message_of_nothing(sentinel: Sentinel) -> None:
    """A message that names no chunk is taken off the queue."""
    sentinel.queue.enqueue([ChunkRef(CampaignId("cmp_gone"), 0, 0)])
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries
