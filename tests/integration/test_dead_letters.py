"""What is given up stands in nobody's way, does not vanish, and is replayed by a command."""

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from domain.chunk import ChunkRef
from domain.priority import Priority
from domain.use_cases.send_batch import SendBatch
from domain.use_cases.send_chunks import SendChunks
from tests.integration.commands import Operator
from tests.integration.deployed import Deployed, everyone
from tests.integration.waiting import wait_for

SIZE = 120
RECEIVES = 5
POISON = ["hello, person-1@example.com", '{"schema": 99, "campaign_id": "cmp_a"}']


class FailingOn(SendChunks):
    """A worker that one chunk makes raise."""

    bad: ChunkRef

    def __call__(
        self,
        refs: Sequence[ChunkRef],
        deadline: timedelta | None = None,
        lane: Priority | None = None,
    ) -> frozenset[ChunkRef]:
        """Raises RuntimeError."""
        if self.bad in refs:
            raise RuntimeError("a defect")
        return super().__call__(refs, deadline, lane)


def failing_on(deployed: Deployed, bad: ChunkRef) -> SendBatch:
    """Otherwise as `deployed` sends."""
    send_batch = deployed.container.send_batch()
    made = FailingOn(**vars(send_batch.send_chunks))
    object.__setattr__(made, "bad", bad)
    return SendBatch(send_chunks=made, finish=send_batch.finish, clock=send_batch.clock)


def test_what_was_given_up_is_explained_and_replayed(deployed: Deployed) -> None:
    """Its neighbours were mailed all the same; in the end everybody is, once."""
    deployed.add_people(SIZE)
    campaign_id = deployed.create()
    deployed.run_starts()
    operator = Operator(deployed.endpoint_url, deployed.account, deployed.settings.aws_region)
    assert operator.run("dead_letters", "list") == (
        0,
        "No dead letters: nothing of sentinel was given up.\n",
    )

    sqs, url = deployed.clients().sqs, deployed.settings.send_queue_url
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    for body in POISON:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    worker = failing_on(deployed, ChunkRef(campaign_id, 0, 1))
    queue = deployed.family.queue()
    for _ in range(RECEIVES + 1):
        queue.acknowledge(worker(queue.receive(10, timedelta(), Priority.NORMAL)))
    assert deployed.mails().total() == SIZE - 50

    status, said = operator.run("dead_letters", "list")
    assert status == 1, said
    assert f"{campaign_id}, range 0, chunk 1" in said
    assert "replay   50 of 50 recipients wait" in said
    assert "cannot be read: not JSON" in said
    assert "cannot be read: of layout 99, and this code knows 1" in said
    assert "Dead letters: 1 to replay, 0 to wait, 2 to discard." in said
    assert "@" not in said

    status, said = operator.run("dead_letters", "replay", "all")
    assert status == 1, said
    assert len(re.findall("^Replayed: ", said, re.MULTILINE)) == 1
    foreign = re.findall(r"^Left: (\S+) .*\(never replayed; discard it\)$", said, re.MULTILINE)
    deployed.run_workers()
    assert deployed.mails() == everyone(SIZE)
    assert deployed.counts_as_sent(campaign_id, SIZE)

    assert len(foreign) == len(POISON)
    for message_id in foreign:
        wait_for(partial(discarded, operator, message_id), what=f"{message_id} is discarded")
    status, said = operator.run("dead_letters", "list")
    assert status == 0, said
    status, said = operator.run("dead_letters", "replay", foreign[0])
    assert (status, said.partition(".")[0]) == (2, f"No dead letter {foreign[0]!r}")
    assert "It is dealt with, or hidden while somebody looks: try again in 30 s." in said


def discarded(operator: Operator, message_id: str) -> bool | None:
    """None where it says to look again: an answer to its look may be lost, on a busy machine."""
    status, said = operator.run("dead_letters", "discard", message_id)
    assert status == 0 or "again in 30 s" in said, said
    return status == 0 or None
