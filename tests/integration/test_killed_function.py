"""A function killed in the middle of a send: nobody lost, nobody mailed twice, doubt is shown."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.identifiers import CampaignId
from domain.priority import Priority
from entrypoints.containers.core import Core
from tests.integration.deployed import everyone
from tests.integration.dripping_proxy import DrippingProxy, dripping_proxy
from tests.integration.on_lambda import NAME, OnLambda, running
from tests.integration.waiting import wait_for

PEOPLE = 120
LIMIT_SECONDS = 45
"""Just enough for the worker to begin: less, and it would put the chunks back."""


@pytest.fixture
def sentinel(code: bytes) -> Iterator[OnLambda]:
    """A deployment of its own, that sends fifty mails a call."""
    with running(code, SesBulk="true") as deployed:
        yield deployed


@pytest.fixture
def ses(sentinel: OnLambda) -> Iterator[DrippingProxy]:
    """SES as the send worker finds it: it takes mails and never ends its answer."""
    with dripping_proxy(sentinel.endpoint_url) as proxy:
        function = f"{NAME}-send-worker"
        lambda_ = sentinel.clients.lambda_
        variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]
        lambda_.update_function_configuration(
            FunctionName=function,
            Timeout=LIMIT_SECONDS,
            Environment={
                "Variables": {**variables["Variables"], "AWS_ENDPOINT_URL_SESV2": proxy.url}
            },
        )
        yield proxy


def test_a_worker_killed_by_its_timeout(sentinel: OnLambda, ses: DrippingProxy) -> None:
    """Whom SES took is not mailed again, and is sent once SES tells; all others get the mail."""
    sentinel.add_people(PEOPLE)
    campaign_id = CampaignId(sentinel.post({}).json()["campaign_id"])
    wait_for(
        lambda: sentinel.matching("send-worker", '"Task timed out"') or None,
        what="the worker is killed",
    )
    in_doubt = sentinel.mails()
    assert in_doubt

    container = _later(sentinel)

    def everybody_is_mailed() -> bool:
        # More than once: another worker may be at a chunk, and die over it or put it back.
        _work_off(container)
        return sentinel.mails() == everyone(PEOPLE)

    wait_for(lambda: everybody_is_mailed() or None, what="everybody is mailed, once", every=0.5)
    wait_for(
        lambda: sentinel.sent(campaign_id)["counts"]["sent"] == PEOPLE or None,
        what="SES has told of those whom it took",
    )
    assert sentinel.mails() == everyone(PEOPLE)
    assert len(ses.requests) * 50 >= in_doubt.total()


def _later(sentinel: OnLambda) -> Core:
    """What the reconciler does minutes later, in a process that finds SES as it should be."""
    (mapping,) = [
        each
        for each in sentinel.clients.lambda_.list_event_source_mappings()["EventSourceMappings"]
        if each["EventSourceArn"].endswith("-send")
    ]
    sentinel.clients.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    container = sentinel.later()
    container.reconcile()()
    return container


def _work_off(container: Core) -> None:
    """As a worker does, until nothing is left on the queue."""
    queue = container.family.queue()
    while deliveries := queue.receive(10, timedelta(), Priority.NORMAL):
        queue.acknowledge(container.send_batch()(deliveries))
