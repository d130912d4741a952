"""Sentinel in this process, on an account of its own of the emulator."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
from dependency_injector import providers
from pydantic import SecretStr

from adapters.aws.clients import AwsClients
from adapters.aws.stack import outputs_of
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.contact import ContactDraft
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, SegmentId
from domain.priority import Priority
from domain.tally import Tally
from domain.template import Content
from entrypoints.containers.core import Core
from entrypoints.containers.emulator import STACK_NAME, Adapters, deploy
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.server import LocalServer
from entrypoints.settings import Settings
from tests.conftest import Emulator
from tests.contracts.settable_clock import SettableClock
from tests.integration.waiting import PATIENCE

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
EVERYONE = SegmentId("everyone")
GREETING = Content.of(
    "Hi {{ name }}",
    "<p>Hi {{ name }}</p>",
    "Hi {{ name }}\n\n{{ postal_address }}\n{{ unsubscribe_url }}",
)
_CONTACTS_A_CALL = 500
_accounts = count(200_000_000_001)


class Deployed:
    """The stack of template.yaml, a container on it, a template and an empty segment.

    Its clock stands still while anybody works: on no machine, however slow, is a grant too late and
    a chunk put back. What overrides a provider of `family` does so for its other adapters, too.
    """

    def __init__(self, emulator: Emulator) -> None:
        """On an account that nobody else has."""
        self.account = str(next(_accounts))
        self.endpoint_url = emulator.endpoint_url
        self.settings = deploy(
            Settings(
                address_hash_key=SecretStr("k" * 32),
                aws_region=emulator.region,
                aws_endpoint_url=emulator.endpoint_url,
                emulator_access_key=self.account,
                sender="Sentinel <hello@example.com>",
                public_url="http://127.0.0.1:8080",
                postal_address="1 High Street, Harrowick",
                send_rate=100_000,
                start_campaign_lambda_arn=self.function_arn("sentinel-start-campaign"),
                eventbridge_role_arn=f"arn:aws:iam::{self.account}:role/sentinel-scheduler-invoke",
            ),
            TEMPLATE.read_text(),
        )
        self._clock = SettableClock(datetime.now(UTC))
        self.family = self._adapters()
        self.container = Core(settings=self.settings, family=self.family)
        self.container.create_template()("Greeting", GREETING, "greeting")
        self.container.create_segment()("Everyone", EVERYONE)

    def another(self) -> Core:
        """The container of another process on the same stack, with its clients made."""
        container = Core(settings=self.settings, family=self._adapters())
        container.family.campaigns().page(None, 1, None)
        return container

    def _adapters(self) -> Adapters:
        return Adapters(settings=self.settings, clock=providers.Object(self._clock))

    def clients(self, endpoint_url: str | None = None) -> AwsClients:
        """Clients of this account, which may call somewhere else."""
        return AwsClients(self.settings.aws_region, endpoint_url or self.endpoint_url, self.account)

    def environment(self, endpoint_url: str) -> dict[str, str]:
        """Of a local runner on the same stack, which finds its services at that address."""
        return {
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_REGION": self.settings.aws_region,
            "EMULATOR_ACCESS_KEY": self.account,
            "ADDRESS_HASH_KEY": self.settings.address_hash_key.get_secret_value(),
            "SENDER": self.settings.sender,
            "DEMO_DATA": "false",
        }

    def function_arn(self, name: str) -> str:
        """Of a function of this account, there or not."""
        return f"arn:aws:lambda:us-east-1:{self.account}:function:{name}"

    def add_people(self, size: int) -> None:
        """So many members for the segment."""
        put_contacts, add_members = self.container.put_contacts(), self.container.add_members()

        def add(first: int) -> None:
            drafts = [
                ContactDraft.of(address_of(number), {"name": f"N{number}"})
                for number in range(first, min(size, first + _CONTACTS_A_CALL))
            ]
            contacts = put_contacts(drafts)
            add_members(EVERYONE, [contact.contact_id for contact in contacts])

        with ThreadPoolExecutor(4) as threads:
            # Consumed, so that a fault in any of them is raised here.
            list(threads.map(add, range(0, size, _CONTACTS_A_CALL)))

    def post(self, body: Mapping[str, object]) -> httpx.Response:
        """The answer to a campaign that is posted over HTTP."""
        server = LocalServer(Api(self.container, all_routes(self.container)))

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(server)
            async with httpx.AsyncClient(transport=transport, base_url="http://sentinel") as client:
                return await client.post("/v1/campaigns", json={**self.body, **body})

        return asyncio.run(send())

    def create(self) -> CampaignId:
        """An immediate campaign, whose start is accepted and not yet run."""
        answer = self.post({})
        assert answer.status_code == 202, answer.text
        return CampaignId(answer.json()["campaign_id"])

    @property
    def body(self) -> dict[str, object]:
        """A campaign for everyone."""
        return {"name": "News", "template_id": "greeting", "segment_id": EVERYONE}

    def run_starts(self) -> None:
        """Run what was invoked, and what is queued."""
        for request in self.family.started().take_all():
            self.container.start_campaign()(request)
        start_queue = self.family.start_queue()
        while deliveries := start_queue.receive(10, timedelta()):
            start_queue.acknowledge(self.container.start_batch()(deliveries))

    def run_workers(self, number: int = 1) -> None:
        """So many workers, until nothing is left on the queue; all but one in other processes."""
        others = [self.another() for _ in range(number - 1)]
        with ThreadPoolExecutor(number) as threads:
            list(threads.map(_drain, [self.container, *others]))

    def publish(self, *events: Mapping[str, object]) -> None:
        """Tell of mails as SES does: by the stack's topic."""
        clients = self.clients()
        topic = outputs_of(clients, STACK_NAME)["ProviderEventsTopicArn"]
        sns = clients.session.client("sns", endpoint_url=self.endpoint_url)
        for event in events:
            sns.publish(TopicArn=topic, Message=json.dumps(event))

    def run_events(self, number: int) -> None:
        """Record what the provider told, until that many messages came."""
        told, record = self.family.provider_events(), self.container.record_provider_events()
        deadline = time.monotonic() + PATIENCE
        while number > 0:
            assert time.monotonic() < deadline, f"{number} events did not come."
            deliveries = told.receive(10, timedelta(seconds=1))
            told.acknowledge(record(deliveries))
            number -= len(deliveries)

    def redeliver_after(self, seconds: int) -> None:
        """A message that was received in vain, of either queue, comes again after so long.

        As often as it takes: on AWS nobody who receives one is killed every other second.
        """
        sqs = self.clients().sqs
        for url in (self.settings.send_queue_url, self.settings.provider_events_queue_url):
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
            redrive = json.loads(found["Attributes"]["RedrivePolicy"])
            sqs.set_queue_attributes(
                QueueUrl=url,
                Attributes={
                    "VisibilityTimeout": str(seconds),
                    "RedrivePolicy": json.dumps({**redrive, "maxReceiveCount": 1_000}),
                },
            )

    def chunks(self, campaign_id: CampaignId) -> Sequence[ChunkRef]:
        """Every chunk that was made."""
        return [
            ChunkRef(campaign_id, each.number, number)
            for each in self.progress(campaign_id).ranges
            for number in range(each.chunk_count)
        ]

    def loaded_chunks(self, campaign_id: CampaignId) -> Sequence[Chunk]:
        """Every chunk as stored."""
        with ThreadPoolExecutor(4) as threads:
            loaded = list(threads.map(self.family.chunks().load, self.chunks(campaign_id)))
        return [found[1] for found in loaded if found is not None]

    def enqueue_again(self, campaign_id: CampaignId) -> None:
        """One more message for each chunk."""
        assert not self.family.queue().enqueue(self.chunks(campaign_id), Priority.NORMAL)

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        """As stored."""
        campaign = self.family.campaigns().get(campaign_id)
        assert campaign is not None
        return campaign

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """The counts that people see."""
        return self.container.read_campaign()(campaign_id)[1]

    def counts_as_sent(self, campaign_id: CampaignId, size: int) -> bool:
        """Whether people see it sent, to so many, and nobody in another state."""
        progress = self.progress(campaign_id)
        chunks = progress.tally.finished_chunks
        return (
            self.campaign(campaign_id).state is CampaignState.SENT
            and (progress.recipients, progress.pending) == (size, 0)
            and progress.tally == Tally(sent=size, finished_chunks=chunks)
        )

    def mails(self) -> Counter[str]:
        """How many mails the emulator took for each address, by its own record."""
        answer = httpx.get(
            f"{self.endpoint_url}/_ministack/ses/messages",
            params={"account": self.account},
            timeout=PATIENCE,
        )
        messages = answer.json()["messages"].get(self.account, [])
        return Counter(address for message in messages for address in message["To"])

    def schedules(self) -> dict[str, str]:
        """The expression of every schedule that the emulator has, by its name."""
        scheduler = self.clients().scheduler
        group = self.settings.schedule_group
        names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
        return {
            name: scheduler.get_schedule(GroupName=group, Name=name)["ScheduleExpression"]
            for name in names
        }


def address_of(number: int) -> str:
    """Of one of the people."""
    return f"person-{number}@example.com"


def everyone(size: int, times: int = 1) -> Counter[str]:
    """That many mails for each of so many people, and for nobody else."""
    return Counter({address_of(number): times for number in range(size)})


def _drain(container: Core) -> None:
    queue, send_batch = container.family.queue(), container.send_batch()
    while deliveries := queue.receive(10, timedelta(), Priority.NORMAL):
        queue.acknowledge(send_batch(deliveries))
