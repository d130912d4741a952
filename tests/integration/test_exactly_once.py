"""On a real emulator, by its own record: everybody one mail, whatever comes twice."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest

from domain.start import StartRequest
from tests.contracts.races import race
from tests.integration.deployed import Deployed, everyone

RIVALS = 2

Given = TypeVar("Given")
Result = TypeVar("Result")


def _call(given: Given, act: Callable[[Given], Result]) -> Result:
    return act(given)


@pytest.mark.parametrize(
    "size", [0, 1, 50, 51, 501, 2_001, pytest.param(10_000, marks=pytest.mark.prove)]
)
def test_everybody_in_a_segment_gets_one_mail(deployed: Deployed, size: int) -> None:
    """Of any size, from none to many pages; the counts say so."""
    deployed.add_people(size)
    campaign_id = deployed.create()

    deployed.run_starts()
    deployed.run_workers()

    assert deployed.mails() == everyone(size)
    assert deployed.counts_as_sent(campaign_id, size)


def test_four_workers_share_a_queue(deployed: Deployed) -> None:
    """Every chunk is on it twice, so that they meet."""
    deployed.add_people(1_000)
    campaign_id = deployed.create()
    deployed.run_starts()
    deployed.enqueue_again(campaign_id)

    deployed.run_workers(4)

    assert deployed.mails() == everyone(1_000)
    assert deployed.counts_as_sent(campaign_id, 1_000)


def test_a_start_that_is_delivered_again_changes_nothing(deployed: Deployed) -> None:
    """Before the workers send, and after."""
    deployed.add_people(120)
    campaign_id = deployed.create()

    for _ in range(2):
        deployed.another().start_campaign()(StartRequest(campaign_id))
    deployed.run_workers()
    deployed.run_starts()
    deployed.run_workers()

    assert deployed.mails() == everyone(120)
    assert deployed.counts_as_sent(campaign_id, 120)


def test_of_two_starters_at_once_one_fans_out(deployed: Deployed) -> None:
    """The other leaves quietly; each chunk is made once."""
    deployed.add_people(501)
    campaign_ids = [deployed.create() for _ in range(3)]

    for campaign_id in campaign_ids:
        request = StartRequest(campaign_id)
        starters = [deployed.another().start_campaign() for _ in range(RIVALS)]
        assert race(partial(_call, request), starters) == [None] * RIVALS
    deployed.run_workers()

    assert deployed.mails() == everyone(501, times=3)
    assert all(deployed.counts_as_sent(campaign_id, 501) for campaign_id in campaign_ids)


def test_a_message_that_is_delivered_again_changes_nothing(deployed: Deployed) -> None:
    """Beside the first, and after it was dealt with."""
    deployed.add_people(120)
    campaign_id = deployed.create()
    deployed.run_starts()

    for _ in range(2):
        deployed.enqueue_again(campaign_id)
        deployed.run_workers()

    assert deployed.mails() == everyone(120)
    assert deployed.counts_as_sent(campaign_id, 120)


def test_of_two_workers_at_one_chunk_one_sends(deployed: Deployed) -> None:
    """The other leaves it to the one that was first, chunk by chunk."""
    deployed.add_people(250)
    campaign_id = deployed.create()
    deployed.run_starts()
    workers = [deployed.another().send_chunks() for _ in range(RIVALS)]

    for chunk in deployed.chunks(campaign_id):
        finished = race(partial(_call, [chunk]), workers)
        assert set(finished) <= {frozenset(), frozenset({chunk})}
    assert deployed.mails() == everyone(250)

    deployed.run_workers()

    assert deployed.mails() == everyone(250)
    assert deployed.counts_as_sent(campaign_id, 250)
