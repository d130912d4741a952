"""sentinel-provider-events: invoked with what SES tells of mails that it took."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.contacts import Contacts
from entrypoints.containers.on_aws.provider_events import ProviderEvents
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.webhooks import Webhooks
from entrypoints.containers.recording import Recording


class Adapters(Chunks, Contacts, ProviderEvents, Reporting, Webhooks):
    """What it runs on."""


container = container_on_aws(Recording, Adapters, "address_hash_key_secret_arn")


@logged
def handler(event: Event, _context: LambdaContext) -> dict[str, object]:
    """Write it down; what is not dealt with comes again (ReportBatchItemFailures)."""
    batch = container.family.read_told()(event)
    answer: dict[str, object] = batch.answer(container.record_provider_events()(batch.deliveries))
    return answer
