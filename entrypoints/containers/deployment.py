"""The adapters that look after a deployment; no function runs on them."""

from collections.abc import Mapping, Sequence

from adapters.aws import account
from adapters.aws.clients import AwsClients
from adapters.aws.deployment import AwsDeployment
from domain.account import Account
from entrypoints.settings import InvalidSettingsError


def configured_region() -> str | None:
    """The region of the profile in use, None where it has none. Raises DependencyFault."""
    return account.configured_region()


def read_account(region: str, senders: Sequence[str], stack: str) -> Account:
    """What the account has for these senders and this stack.

    Raises DependencyFault where nobody can be asked.
    """
    return account.read_account(AwsClients(region), senders, stack)


def deployment(environment: Mapping[str, str], name: str) -> AwsDeployment:
    """The deployment of that name, where AWS's own variables and profiles lead.

    Raises InvalidSettingsError where they name no region.
    """
    region = environment.get("AWS_REGION") or configured_region()
    if not region:
        raise InvalidSettingsError("AWS_REGION: not set, nor is there one in the profile.")
    # The SDK reads AWS_ENDPOINT_URL and the credentials itself.
    return AwsDeployment(AwsClients(region), name)
