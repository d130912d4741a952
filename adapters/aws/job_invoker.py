"""Having a job worked on by an asynchronous Lambda invocation."""

from adapters.aws.clients import AwsClients
from adapters.aws.invocation import invoke
from adapters.aws.job_event import run_to_event
from domain.identifiers import ContactId, JobId
from domain.job_run import ErasureRun, JobRun


class LambdaJobInvoker:
    """Implements `domain.ports.job_invoker.JobInvoker`."""

    def __init__(self, clients: AwsClients, function_arn: str) -> None:
        """`function_arn` is run-job's."""
        self._clients = clients
        self._function_arn = function_arn

    def run(self, job_id: JobId) -> None:
        """Invoked with the job."""
        invoke(self._clients, self._function_arn, run_to_event(JobRun(job_id)))

    def erase(self, contact_id: ContactId) -> None:
        """Invoked with the contact."""
        invoke(self._clients, self._function_arn, run_to_event(ErasureRun(contact_id)))
