"""Run Sentinel on this machine: `make local-run`."""

import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread

import uvicorn
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import DependencyFault, DependencyRefused, InvalidInput
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.banner import banner, demo_examples
from entrypoints.local.count_files import RUNNER, begin_counts, count_as
from entrypoints.local.demo.load import load_demo
from entrypoints.local.emulator import (
    ROOT,
    EmulatorUnavailableError,
    configured_endpoint,
    running_ministack,
)
from entrypoints.local.file_doors import FileDoors, StoredFiles
from entrypoints.local.metrics_route import metrics_route
from entrypoints.local.outbox import outbox_routes
from entrypoints.local.pumps import Pumps
from entrypoints.local.run_lock import run_lock
from entrypoints.local.server import LocalServer
from entrypoints.local.service_manager import notify
from entrypoints.local.settings import LocalSettings, runner_environment
from entrypoints.local.trusted_hosts import TrustedHosts
from entrypoints.local.workers import Workers
from entrypoints.logs import configure_logging
from entrypoints.settings import InvalidSettingsError, Settings, read_environment

logger = logging.getLogger(__name__)

_FAULT = 1
"""What the machine refused, another start may be given: a full disk, a port that somebody holds."""
_WRONG_SETTINGS = 2
"""Another start would find the same, until a person changes it: service/sentinel.service makes
none."""
_KEPT_SECONDS = 75
"""Longer than proxies and clients keep an idle connection: who ends it first loses no request."""
GRACE_SECONDS = 5
"""How long a request under way is waited for before the drain begins."""


@dataclass(frozen=True)
class _Backend:
    """What a runner runs on; without `workers` it does their work itself."""

    container: Core
    name: str
    workers: Workers | None = None


def main() -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        environment = runner_environment(os.environ)
        local = read_environment(LocalSettings, environment)
        settings = Settings.from_environment(environment)
        configure_logging(settings.log_level)
        with (
            _listening(local) as listener,
            _backend(local, settings, environment) as backend,
        ):
            _serve(local, settings, backend, listener)
    except (InvalidSettingsError, EmulatorUnavailableError) as error:
        _say(str(error))
        return _WRONG_SETTINGS
    except DependencyFault as fault:
        _say(str(fault))
        return _FAULT
    except KeyboardInterrupt:
        return 0
    return 0


@contextmanager
def _listening(local: LocalSettings) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET6 if ":" in local.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((local.host, local.port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise DependencyRefused(
                f"PORT: {local.port} is in use; end what listens there, or choose another "
                "(PORT=8081)."
            ) from None
        raise DependencyRefused(f"HOST, PORT: {local.url}: {error.strerror}.") from None
    with listener:
        yield listener


@contextmanager
def _backend(
    local: LocalSettings, settings: Settings, environment: Mapping[str, str]
) -> Iterator[_Backend]:
    if local.backend == "memory":
        yield _Backend(build(Family.MEMORY, settings), "memory, nothing is kept")
        return
    if local.backend == "sqlite":
        with run_lock(settings.database, local.drain_seconds, _say) as lock:
            yield _on_sqlite(local, settings, environment, lock)
        return
    endpoint = configured_endpoint(os.environ)
    if endpoint is not None:
        yield _Backend(_on_emulator(settings, endpoint), f"the emulator at {endpoint}")
        return
    with running_ministack() as endpoint:
        yield _Backend(
            _on_emulator(settings, endpoint), f"ministack at {endpoint}, nothing is kept"
        )


def _on_emulator(settings: Settings, endpoint: str) -> Core:
    from entrypoints.containers import emulator  # noqa: PLC0415  memory runs without boto3

    template = (ROOT / "template.yaml").read_text()
    deployed = emulator.deploy(settings.model_copy(update={"aws_endpoint_url": endpoint}), template)
    return build(Family.EMULATOR, deployed)


def _on_sqlite(
    local: LocalSettings, settings: Settings, environment: Mapping[str, str], lock: int
) -> _Backend:
    """Without a mail server it has no workers: the outbox is in the process."""
    begin_counts(settings.prometheus_multiproc_dir, local.workers if settings.smtp_url else 0)
    count_as(RUNNER, settings.prometheus_multiproc_dir)
    container = build(Family.SQLITE, settings)
    try:
        # Looked at now, not when the first mail is due.
        container.family.mailer()
    except InvalidInput as error:
        raise InvalidSettingsError(f"{error.field}: {error.detail}") from None
    except DependencyFault as fault:
        # The database was opened for it.
        raise DependencyRefused(f"DATABASE: {settings.database}: {fault}") from None
    if not settings.smtp_url:
        return _Backend(container, f"{settings.database}; mails are kept until it ends")
    workers = Workers(
        local.workers,
        environment,
        inherited=lock,
        monotonic=container.family.clock().monotonic,
        metrics=container.family.worker_metrics(),
    )
    name = f"{settings.database}, {local.workers} workers"
    return _Backend(container, name, workers)


class _Server(uvicorn.Server):
    """Says that it serves once it does: whoever reads that may end it at once."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so; signals are uvicorn's by now, and none is lost any more."""
        await super().startup(sockets)
        _say(self._announcement)
        notify("READY=1")


def _serve(
    local: LocalSettings, settings: Settings, backend: _Backend, listener: socket.socket
) -> None:
    container, workers = backend.container, backend.workers
    if local.demo_data:
        _say(f"Loading the demo data ({backend.name})…")
        load_demo(
            container.create_template(),
            container.create_segment(),
            container.put_contacts(),
            container.family.segments(),
        )
    pumps = Pumps(container)
    try:
        # What ends it may come between two of them: what was started is drained all the same.
        pumps.start_all_else(local.reconcile_seconds)
        if workers is None:
            pumps.start_working()
        else:
            workers.start()
            # It may not answer for as long as a mail waits for it.
            Thread(target=_try_mail_server, args=(container,), daemon=True).start()
        url = local.url
        app = _application(local, settings, backend)
        examples = demo_examples(url, container.family.clock().now()) if local.demo_data else ""
        server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                log_level="warning",
                timeout_keep_alive=_KEPT_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            ),
            banner(
                url,
                backend.name,
                examples,
                has_keys=settings.require_api_keys,
                has_outbox=workers is None,
            ),
        )
        server.run(sockets=[listener])
    finally:
        notify("STOPPING=1")
        _say("Finishing what is under way…")
        if workers is not None:
            workers.begin_to_drain(local.drain)
        pumps.drain(local.drain)
        if workers is not None:
            container.family.hang_up()
            workers.wait_until_drained()


def _try_mail_server(container: Core) -> None:
    """A wrong host or password is told of now, not when a campaign stands still."""
    reason = container.family.mail_obstacle()
    if reason is not None:
        logger.warning("The mail server takes no mails now: %s", reason)
        _say(f"The mail server takes no mails now: {reason}")


def _application(local: LocalSettings, settings: Settings, backend: _Backend) -> LocalServer:
    container = backend.container
    more_routes: list[APIGatewayHttpRouter] = []
    expose: Callable[[], str] | None = container.family.exposition()
    if expose is not None:
        more_routes.append(metrics_route(expose))
    if backend.workers is None and not settings.require_api_keys:
        more_routes.append(outbox_routes(container))
    files: StoredFiles | None = container.family.stored_files()
    doors = None if files is None else FileDoors(files, local.max_upload_bytes)
    # A key is the better proof of who asks: where there are keys, any name may lead here.
    hosts = None if settings.require_api_keys else TrustedHosts(settings.public_url)
    return LocalServer(Api(container, all_routes(container), more_routes), doors, hosts)


def _say(text: str) -> None:
    # Nobody may be reading, as in `make local-run | head`, or the disk of a file may be full: no
    # reason to stop sending, or to leave workers undrained.
    with suppress(OSError):
        print(text, flush=True)  # noqa: T201  a command's own output; the log goes to stderr


if __name__ == "__main__":
    sys.exit(main())
