"""Run Sentinel on this machine: `make local-run`."""

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.errors import DependencyFault
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.banner import banner, demo_examples
from entrypoints.local.demo.load import load_demo
from entrypoints.local.emulator import (
    ROOT,
    EmulatorUnavailableError,
    configured_endpoint,
    running_ministack,
)
from entrypoints.local.file_doors import FileDoors, StoredFiles
from entrypoints.local.outbox import outbox_routes
from entrypoints.local.pumps import Pumps
from entrypoints.local.server import LocalServer
from entrypoints.logs import configure_logging
from entrypoints.settings import InvalidSettingsError, Settings, read_environment

HOST = "127.0.0.1"
_ACCOUNT = "000000000000"
_LOCAL_DEFAULTS: Mapping[str, str] = {
    # Of no use to anybody: nothing but this machine's own demo data is hashed with it.
    "ADDRESS_HASH_KEY": "local-only-key-of-the-demo-data-00000000",
    "SENDER": "Sentinel Demo <hello@example.com>",
    "POSTAL_ADDRESS": "14 Tanners Yard, Harrowick HW1 4LL",
    "SEND_RATE": "500",
    "SES_BULK": "false",
    # Whoever can create one is on this machine.
    "WEBHOOKS_TO_PRIVATE_ADDRESSES": "true",
    "EMULATOR_ACCESS_KEY": "test",
    "START_CAMPAIGN_LAMBDA_ARN": (
        f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function:sentinel-start-campaign"
    ),
    "EVENTBRIDGE_ROLE_ARN": f"arn:aws:iam::{_ACCOUNT}:role/sentinel-scheduler-invoke",
}


class LocalSettings(BaseModel):
    """What only the local runner is told."""

    model_config = ConfigDict(frozen=True)

    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    backend: str | None = None
    """`memory`; not set: the emulator."""
    demo_data: bool = True
    """False: what there is, and no more."""
    reconcile_seconds: Annotated[int, Field(ge=1, le=3_600)] = 10
    """How often the reconciler looks after what was left undone."""
    max_upload_bytes: Annotated[int, Field(ge=1)] = 1_000_000_000
    """Of one file, where it is this process that stores files."""

    @field_validator("backend")
    @classmethod
    def _backend(cls, name: str) -> str:
        if name != "memory":
            raise ValueError(
                "memory, or not set for the emulator (AWS_ENDPOINT_URL names one of your own)"
            )
        return name


def main() -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        local = read_environment(LocalSettings, os.environ)
        url = f"http://{HOST}:{local.port}"
        defaults = {**_LOCAL_DEFAULTS, "PUBLIC_URL": url, "LOCAL_URL": url}
        settings = Settings.from_environment({**defaults, **os.environ})
        configure_logging(settings.log_level)
        with _listening(local.port) as listener, _backend(local, settings) as (container, name):
            _serve(local, container, listener, name)
    except (InvalidSettingsError, EmulatorUnavailableError, DependencyFault) as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise InvalidSettingsError(
            f"PORT: {port} is in use; end what listens there, or choose another (PORT=8081)."
        ) from None
    with listener:
        yield listener


@contextmanager
def _backend(local: LocalSettings, settings: Settings) -> Iterator[tuple[Core, str]]:
    if local.backend == "memory":
        yield build(Family.MEMORY, settings), "memory, nothing is kept"
        return
    endpoint = configured_endpoint(os.environ)
    if endpoint is not None:
        yield _on_emulator(settings, endpoint), f"the emulator at {endpoint}"
        return
    with running_ministack() as endpoint:
        yield _on_emulator(settings, endpoint), f"ministack at {endpoint}, nothing is kept"


def _on_emulator(settings: Settings, endpoint: str) -> Core:
    from entrypoints.containers import emulator  # noqa: PLC0415  memory runs without boto3

    template = (ROOT / "template.yaml").read_text()
    deployed = emulator.deploy(settings.model_copy(update={"aws_endpoint_url": endpoint}), template)
    return build(Family.EMULATOR, deployed)


class _Server(uvicorn.Server):
    """Says that it serves once it does: whoever reads that may end it at once."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so; signals are uvicorn's by now, and none is lost any more."""
        await super().startup(sockets)
        _say(self._announcement)


def _serve(local: LocalSettings, container: Core, listener: socket.socket, backend: str) -> None:
    if local.demo_data:
        _say(f"Loading the demo data ({backend})…")
        load_demo(
            container.create_template(),
            container.create_segment(),
            container.put_contacts(),
            container.family.segments(),
        )
    pumps = Pumps(container, local.reconcile_seconds)
    pumps.start()
    try:
        api = Api(container, all_routes(container), more_routes=[outbox_routes(container)])
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        now = container.family.clock().now()
        files: StoredFiles | None = container.family.stored_files()
        doors = None if files is None else FileDoors(files, local.max_upload_bytes)
        app = LocalServer(api, doors)
        server = _Server(
            uvicorn.Config(app, lifespan="off", log_config=None, log_level="warning"),
            banner(url, backend, demo_examples(url, now) if local.demo_data else ""),
        )
        server.run(sockets=[listener])
    finally:
        _say("Finishing what is under way…")
        pumps.drain()


def _say(text: str) -> None:
    # Nobody may be reading, as in `make local-run | head`: no reason to stop sending.
    with suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201  a command's own output; the log goes to stderr


if __name__ == "__main__":
    sys.exit(main())
