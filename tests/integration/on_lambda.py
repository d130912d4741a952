"""Sentinel as template.yaml deploys it: real functions on an emulator that enforces permissions."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from dependency_injector import providers

from adapters.aws.api_keys import SecretsManagerApiKeys
from adapters.aws.clients import AwsClients
from adapters.aws.deployment import AwsDeployment
from adapters.aws.stack import verify_sender
from domain.access import Scope
from domain.contact import ContactDraft
from domain.identifiers import SegmentId
from domain.template import Content
from domain.use_cases.issue_api_key import IssueApiKey
from entrypoints.containers import Family, aws, build
from entrypoints.containers.core import Core
from entrypoints.deployment import package
from entrypoints.local.emulator import running_ministack
from entrypoints.settings import Settings
from tests.contracts.races import race
from tests.contracts.settable_clock import SettableClock
from tests.integration.waiting import PATIENCE, Found, wait_for

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
EVERYONE = SegmentId("everyone")
NAME = "sentinel"
ACCOUNT = "000000000000"
"""The only one whose HTTP APIs the emulator serves."""
REGION = "eu-central-1"
FUNCTIONS = (
    "create-campaign",
    "api",
    "start-campaign",
    "send-worker",
    "reconcile",
    "provider-events",
    "run-job",
    "webhooks",
)
_SENDER = "Sentinel <hello@example.com>"
POSTAL_ADDRESS = "1 High Street, Harrowick"
_GREETING = Content.of(
    "Hi {{ name }}",
    "<p>Hi {{ name }}</p>",
    "Hi {{ name }}\n\n{{ postal_address }}\n{{ unsubscribe_url }}",
)
_CONTACTS_A_CALL = 500

Line = Mapping[str, Any]  # Any: JSON, as it was logged

_PROCESSES = 4
"""Of a function: as many starts as fan out side by side."""
_IN_VAIN: Mapping[str, Line] = {
    "start-campaign": {"schema": 1, "campaign_id": "cmp_0", "trigger": "direct invoke"},
    "send-worker": {"Records": []},
}
"""What changes nothing, and fails nothing."""


class OnLambda:
    """One deployment, with a template and an empty segment."""

    def __init__(self, endpoint_url: str, code: bytes, **parameters: str) -> None:
        """Deployed once it is made."""
        self.endpoint_url = endpoint_url
        self.clients = AwsClients(REGION, endpoint_url, ACCOUNT)
        verify_sender(self.clients, _SENDER)
        self.deployment = AwsDeployment(self.clients, NAME)
        self.parameters = {
            "Architecture": "x86_64",
            "SesBulk": "false",
            "PostalAddress": POSTAL_ADDRESS,
            "SendRate": "1000",
            "WorkerConcurrency": "2",
            **parameters,
        }
        self.outputs = self.deploy(code)
        self.container = self._container()
        # Before a function is up: it reads the keys once a minute.
        self.key = self._issue(*Scope)
        self.template_reader = self._issue(Scope.TEMPLATES_READ)
        self.container.create_template()("Greeting", _GREETING, "greeting")
        self.container.create_segment()("Everyone", EVERYONE)

    def deploy(self, code: bytes, **parameters: str) -> Mapping[str, str]:
        """Create or update, as `make deploy` does."""
        return self.deployment.deploy(
            TEMPLATE.read_text(), code, _SENDER, {**self.parameters, **parameters}
        )

    def http(self, key: str | None = None) -> httpx.Client:
        """A client of the HTTP API, with a key of every scope or with another one."""
        host = self.outputs["ApiUrl"].removeprefix("http://")
        headers = {"Host": host, "Authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=self.endpoint_url, headers=headers, timeout=PATIENCE)

    def post(self, body: Mapping[str, object]) -> httpx.Response:
        """The answer to a campaign for everyone."""
        campaign = {"name": "News", "template_id": "greeting", "segment_id": EVERYONE, **body}
        with self.http() as client:
            return client.post("/v1/campaigns", json=campaign)

    def sent(self, campaign_id: str, within: float = PATIENCE) -> Line:
        """The campaign as the API answers it, once it is sent."""
        with self.http() as client:

            def look() -> Line | None:
                answer = client.get(f"/v1/campaigns/{campaign_id}")
                if answer.is_server_error:
                    # A function that got no processor for its whole time, on a busy machine.
                    return None
                campaign: Line = answer.json()
                return campaign if campaign["state"] == "sent" else None

            # Seldom: each look is a function's, which takes the processor from the others.
            return wait_for(look, within=within, what=f"{campaign_id} is sent", every=0.5)

    def add_people(self, size: int) -> None:
        """So many members for the segment."""
        put_contacts, add_members = self.container.put_contacts(), self.container.add_members()
        for first in range(0, size, _CONTACTS_A_CALL):
            drafts = [
                ContactDraft.of(f"person-{number}@example.com", {"name": f"N{number}"})
                for number in range(first, min(size, first + _CONTACTS_A_CALL))
            ]
            add_members(EVERYONE, [contact.contact_id for contact in put_contacts(drafts)])

    def invoke(self, function: str, event: Line) -> Line:
        """What a function answers to an event; its error where it fails."""
        answer = self.clients.lambda_.invoke(
            FunctionName=f"{NAME}-{function}", Payload=json.dumps(event).encode()
        )
        answered: Line = json.loads(answer["Payload"].read() or b"null")
        return answered

    def lines(self, function: str) -> list[str]:
        """What a function logged, line by line."""
        return [
            event["message"]
            for page in self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{NAME}-{function}"
            )
            for event in page["events"]
        ]

    def matching(self, function: str, pattern: str) -> list[str]:
        """What CloudWatch's filter finds in a function's log."""
        answer = self._logs.filter_log_events(
            logGroupName=f"/aws/lambda/{NAME}-{function}", filterPattern=pattern
        )
        return [event["message"] for event in answer["events"]]

    def logged(self, look: Callable[[], Found | None], what: str) -> Found:
        """What `look` finds in the logs, sooner or later.

        The emulator waits milliseconds for what a function wrote; what comes later it hands out
        with the next invocation of the same process.
        """

        def look_or_invoke() -> Found | None:
            found = look() or None
            if found is None:
                for function, event in _IN_VAIN.items():
                    race(partial(self.invoke, function), [event] * _PROCESSES)
                self.post({"schedule_at": "soon"})
            return found

        return wait_for(look_or_invoke, what=what, every=0.5)

    def metrics(self, campaign_id: str) -> Mapping[str, Sequence[float]]:
        """What CloudWatch would find of a campaign in all logs, by metric and path."""
        found: dict[str, list[float]] = {}
        for function in FUNCTIONS:
            for line in self.matching(function, f'"{campaign_id}"'):
                record: Line = json.loads(line)
                for directive in record.get("_aws", {}).get("CloudWatchMetrics", ()):
                    assert (directive["Namespace"], record["stage"]) == ("Sentinel", "prod")
                    for metric in directive["Metrics"]:
                        name = f"{metric['Name']}, {record.get('path')}"
                        found.setdefault(name, []).extend(record[metric["Name"]])
        return found

    def mails(self) -> Counter[str]:
        """How many mails SES took for each address."""
        return Counter(address for message in self.outbox() for address in message["To"])

    def texts(self) -> Sequence[str]:
        """The text of each mail that SES took, oldest first."""
        return [message["BodyText"] for message in self.outbox()]

    def outbox(self) -> Sequence[Line]:
        """The mails that SES took, oldest first."""
        answer = httpx.get(f"{self.endpoint_url}/_ministack/ses/messages", timeout=PATIENCE)
        found: Sequence[Line] = answer.json()["messages"].get(ACCOUNT, [])
        return found

    def schedules(self) -> set[str]:
        """The names of those that stand."""
        found = self.clients.scheduler.list_schedules(GroupName=NAME)["Schedules"]
        return {each["Name"] for each in found}

    def waiting(self, queue: str) -> int:
        """How many messages wait on a queue, seen or not."""
        url = self.clients.sqs.get_queue_url(QueueName=f"{NAME}-{queue}")["QueueUrl"]
        attributes = self.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return sum(
            int(value)
            for name, value in attributes["Attributes"].items()
            if name.startswith("ApproximateNumberOfMessages")
        )

    def _issue(self, *scopes: Scope) -> str:
        """A new key of the API."""
        keys = SecretsManagerApiKeys(
            self.clients, self.outputs["ApiKeysSecretArn"], self.container.family.clock()
        )
        issue = IssueApiKey(
            api_keys=keys, clock=self.container.family.clock(), ids=self.container.family.ids()
        )
        return issue(scopes)[1]

    def _container(self) -> Core:
        """A container in this process on what was deployed, with every permission."""
        secret = self.clients.secretsmanager.list_secrets(
            Filters=[{"Key": "name", "Values": [f"{NAME}/address-hash-key"]}]
        )["SecretList"][0]["ARN"]
        return build(
            Family.AWS,
            Settings(
                sender=_SENDER,
                public_url=self.outputs["ApiUrl"],
                postal_address=POSTAL_ADDRESS,
                aws_region=REGION,
                aws_endpoint_url=self.endpoint_url,
                emulator_access_key=ACCOUNT,
                table_name=self.outputs["TableName"],
                send_queue_url=self.outputs["SendQueueUrl"],
                urgent_send_queue_url=self.outputs["UrgentSendQueueUrl"],
                address_hash_key_secret_arn=secret,
            ),
        )

    def later(self) -> Core:
        """A container in this process for which every lease has run out, and every check is due.

        Its clock stands still while it works: no grant is too late, however slow the machine.
        """
        settings = self.container.settings()
        clock = SettableClock(datetime.now(UTC) + timedelta(minutes=10))
        family = aws.Adapters(settings=settings, clock=providers.Object(clock))
        return Core(settings=settings, family=family)

    @property
    def _logs(self) -> "CloudWatchLogsClient":
        return self.clients.session.client("logs", endpoint_url=self.endpoint_url)


@contextmanager
def running(code: bytes, **parameters: str) -> Iterator[OnLambda]:
    """A deployment on an emulator of its own."""
    with running_ministack(AUTH="true") as endpoint_url:
        yield OnLambda(endpoint_url, code, **parameters)


def package_for_this_machine(folder: Path) -> Path:
    """What `make package` builds, for the processor that the emulator runs on."""
    return package.build("x86_64", folder)
