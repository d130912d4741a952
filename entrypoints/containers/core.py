"""Every use case in one container: what a process runs that does all of the work itself."""

from entrypoints.containers.delivering_webhooks import DeliveringWebhooks
from entrypoints.containers.reconciling import Reconciling
from entrypoints.containers.recording import Recording
from entrypoints.containers.running_jobs import RunningJobs
from entrypoints.containers.sending import Sending
from entrypoints.containers.serving import Serving
from entrypoints.containers.starting import Starting


class Core(RunningJobs, Serving, Starting, Sending, Recording, Reconciling, DeliveringWebhooks):
    """The local runner, and the tests."""
