"""Starting a campaign by an asynchronous Lambda invocation."""

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
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
        """Invoke with InvocationType Event: 202 once it is accepted."""
        with translated("Lambda Invoke"):
            answer = self._clients.lambda_.invoke(
                FunctionName=self._function_arn,
                InvocationType="Event",
                Payload=start_to_event(StartRequest(campaign_id)).encode(),
            )
            # Only what was read to its end gives its connection back.
            answer["Payload"].read()
