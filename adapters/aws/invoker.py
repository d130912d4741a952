"""Starting a campaign by an asynchronous Lambda invocation."""

from adapters.aws.clients import AwsClients
from adapters.aws.invocation import invoke
from adapters.aws.start_event import start_to_event
from domain.identifiers import CampaignId
from domain.start import StartRequest


class LambdaInvoker:
    """Implements `domain.ports.invoker.Invoker`."""

    def __init__(self, clients: AwsClients, function_arn: str) -> None:
        """`function_arn` is start-campaign's."""
        self._clients = clients
        self._function_arn = function_arn

    def start(self, campaign_id: CampaignId) -> None:
        """Invoked as by whoever creates a campaign."""
        invoke(self._clients, self._function_arn, start_to_event(StartRequest(campaign_id)))
