"""The adapters that look after a deployment; no function runs on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.aws import account
from adapters.aws.api_keys import SecretsManagerApiKeys
from adapters.aws.campaigns import DynamoDBCampaignRepository
from adapters.aws.chunks import DynamoDBChunkRepository
from adapters.aws.clients import AwsClients
from adapters.aws.dead_letters import SqsDeadLetters
from adapters.aws.deployment import AwsDeployment
from adapters.aws.fan_out import DynamoDBFanOutRepository
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.job_invoker import LambdaJobInvoker
from adapters.aws.jobs import DynamoDBJobRepository
from adapters.aws.queue import SqsSendQueue
from adapters.aws.table import Table
from adapters.dns.lookup import DnspythonLookup
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from adapters.web.pages import UrllibWeb
from domain.account import Account
from domain.ports.dead_letters import DeadLetters
from domain.ports.dns import Dns
from domain.ports.web import Web
from domain.priority import Priority
from domain.use_cases.explain_dead_letters import ExplainDeadLetters
from entrypoints.containers.administration import ApiKeyAdministration
from entrypoints.settings import InvalidSettingsError


def configured_region() -> str | None:
    """The region of the profile in use, None where it has none. Raises DependencyFault."""
    return account.configured_region()


def read_account(region: str, senders: Sequence[str], stack: str) -> Account:
    """What the account has for these senders and this stack.

    Raises DependencyFault where nobody can be asked.
    """
    return account.read_account(AwsClients(region), senders, stack, SystemClock().now())


def dns(name_server: tuple[str, int] | None) -> Dns:
    """The machine's name servers, or one: its IP address and port.

    Raises DependencyFault where the machine has none.
    """
    return DnspythonLookup() if name_server is None else DnspythonLookup(*name_server)


def web() -> Web:
    """What anybody can reach from here."""
    return UrllibWeb()


def deployment(environment: Mapping[str, str], name: str) -> AwsDeployment:
    """The deployment of that name, where AWS's own variables and profiles lead.

    Raises InvalidSettingsError where they name no region, and DependencyFault where they have no
    credentials that are good.
    """
    region = environment.get("AWS_REGION") or configured_region()
    if not region:
        raise InvalidSettingsError("AWS_REGION: not set, nor is there one in the profile.")
    if not account.is_region(region):
        raise InvalidSettingsError(f"AWS_REGION: {region!r} is no region of AWS.")
    # The SDK reads AWS_ENDPOINT_URL and the credentials itself.
    found = AwsDeployment(AwsClients(region), name)
    found.account()
    return found


def api_key_administration(environment: Mapping[str, str], name: str) -> ApiKeyAdministration:
    """For the deployment of that name.

    Raises InvalidSettingsError where there is none, and DependencyFault.
    """
    target = deployment(environment, name)
    secret_arn = _output(target, "ApiKeysSecretArn")
    clock = SystemClock()
    return ApiKeyAdministration(
        SecretsManagerApiKeys(target.clients, secret_arn, clock), clock, SystemIds()
    )


@dataclass(frozen=True)
class DeadLetterAdministration:
    """What explaining, replaying and discarding dead letters runs on."""

    dead_letters: DeadLetters
    explain: ExplainDeadLetters


def dead_letter_administration(
    environment: Mapping[str, str], name: str
) -> DeadLetterAdministration:
    """For the deployment of that name; of it only records, queues and invoked functions are needed.

    Raises InvalidSettingsError where there is none, and DependencyFault.
    """
    target = deployment(environment, name)
    clients, clock = target.clients, SystemClock()
    table = Table(clients, _output(target, "TableName"), clock, SystemIds())
    dead_letters = SqsDeadLetters(
        clients,
        name,
        queue=SqsSendQueue(
            clients,
            {
                Priority.URGENT: _output(target, "UrgentSendQueueUrl"),
                Priority.NORMAL: _output(target, "SendQueueUrl"),
            },
        ),
        invoker=LambdaInvoker(clients, f"{name}-start-campaign"),
        job_invoker=LambdaJobInvoker(clients, f"{name}-run-job"),
    )
    explain = ExplainDeadLetters(
        dead_letters=dead_letters,
        campaigns=DynamoDBCampaignRepository(table),
        # Nothing is looked up by an address, nor written.
        chunks=DynamoDBChunkRepository(table, lambda: b""),
        fan_out=DynamoDBFanOutRepository(table),
        jobs=DynamoDBJobRepository(table),
        clock=clock,
    )
    return DeadLetterAdministration(dead_letters, explain)


def _output(target: AwsDeployment, key: str) -> str:
    """Raises InvalidSettingsError where there is no such stack, and DependencyFault."""
    outputs = target.outputs()
    value = outputs.get(key)
    if value is None and outputs:
        raise InvalidSettingsError(
            f"STAGE: the stack {target.name} is of an earlier release, without {key}: deploy this "
            "one first (make deploy), or do it with that one."
        )
    if value is None:
        raise InvalidSettingsError(
            f"STAGE: no stack {target.name} in {target.clients.region}; deploy it first "
            "(make deploy)."
        )
    return value
