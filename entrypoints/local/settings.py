"""What only the runner is told, and what it takes where nothing is said."""

import os
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from entrypoints.settings import InvalidSettingsError, Settings, read_environment

_ACCOUNT = "000000000000"
_DEFAULTS: Mapping[str, str] = {
    "SES_BULK": "false",
    "EMULATOR_ACCESS_KEY": "test",
    "START_CAMPAIGN_LAMBDA_ARN": (
        f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function:sentinel-start-campaign"
    ),
    "EVENTBRIDGE_ROLE_ARN": f"arn:aws:iam::{_ACCOUNT}:role/sentinel-scheduler-invoke",
}
_OF_THE_DEMO: Mapping[str, str] = {
    "SENDER": "Sentinel Demo <hello@example.com>",
    "POSTAL_ADDRESS": "14 Tanners Yard, Harrowick HW1 4LL",
}
_WITHOUT_A_FILE: Mapping[str, str] = {
    # Of no use to anybody: nothing but this machine's own demo data is hashed with it.
    "ADDRESS_HASH_KEY": "local-only-key-of-the-demo-data-00000000",
}
_WITHOUT_KEYS: Mapping[str, str] = {
    "SEND_RATE": "500",
    # Whoever can create one is on this machine.
    "WEBHOOKS_TO_PRIVATE_ADDRESSES": "true",
}
_MOST_WORKERS = 64


def _usual_workers() -> int:
    """Two a processor, up to eight: each waits for the disk and for the server half of its time."""
    return min(2 * (os.cpu_count() or 1), 8)


class LocalSettings(BaseModel):
    """Each field is read from the variable of its name in upper case."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    """Where it listens: an address of this machine."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    backend: Literal["memory", "sqlite"] | None = None
    """Not set: the emulator."""
    demo_data: bool = True
    """False: what there is, and no more."""
    workers: Annotated[int, Field(ge=1, le=_MOST_WORKERS)] = Field(default_factory=_usual_workers)
    """How many processes send, where a database and a mail server can be shared."""
    drain_seconds: Annotated[int, Field(ge=1, le=900)] = 30
    """How long whoever ends it waits for what is under way; then it is cut off."""
    reconcile_seconds: Annotated[int, Field(ge=1, le=3_600)] = 10
    """How often the reconciler looks after what was left undone."""
    max_upload_bytes: Annotated[int, Field(ge=1)] = 1_000_000_000
    """Of one file, where it is this process that stores files."""

    @field_validator("backend", mode="before")
    @classmethod
    def _backend(cls, name: object) -> object:
        if name not in ("memory", "sqlite"):
            raise ValueError(
                "memory, sqlite, or not set for the emulator (AWS_ENDPOINT_URL names one of your "
                "own)"
            )
        return name

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        try:
            ip_address(host)
        except ValueError:
            raise ValueError("an address of this machine, such as 127.0.0.1 or ::1") from None
        return host

    @property
    def is_open_to_others(self) -> bool:
        """Whether more than this machine can reach it."""
        return not ip_address(self.host).is_loopback

    @property
    def drain(self) -> timedelta:
        """`drain_seconds`."""
        return timedelta(seconds=self.drain_seconds)

    @property
    def url(self) -> str:
        """Where it is reached from this machine, or, without PUBLIC_URL, from anywhere."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def runner_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment`, and what is taken where it says nothing. Raises InvalidSettingsError."""
    local = read_environment(LocalSettings, environment)
    settings = Settings.from_environment(environment)
    has_keys, database = settings.require_api_keys, settings.database
    own_url = {} if has_keys else {"PUBLIC_URL": local.url}
    found = {
        **_DEFAULTS,
        **(_OF_THE_DEMO if local.demo_data or local.backend != "sqlite" else {}),
        **({} if local.backend == "sqlite" else _WITHOUT_A_FILE),
        **({} if has_keys else _WITHOUT_KEYS),
        **own_url,
        # Whoever imports or exports comes in as readers do: through whatever speaks TLS.
        "LOCAL_URL": settings.public_url or local.url,
        "PROMETHEUS_MULTIPROC_DIR": str(database.with_name(f"{database.name}.metrics")),
        **{name: value for name, value in environment.items() if value},
    }
    _check(local, Settings.from_environment(found))
    return found


def _check(local: LocalSettings, settings: Settings) -> None:
    """Raises InvalidSettingsError."""
    if local.is_open_to_others and not settings.require_api_keys:
        raise InvalidSettingsError(
            f"HOST: {local.host} can be reached by others: set REQUIRE_API_KEYS=true, with "
            "BACKEND=sqlite, or listen on 127.0.0.1."
        )
    if local.backend == "sqlite" and settings.address_hash_key:
        raise InvalidSettingsError(
            "ADDRESS_HASH_KEY: a database has its own, made with it; unset the variable."
        )
    if settings.require_api_keys and local.backend != "sqlite":
        raise InvalidSettingsError("REQUIRE_API_KEYS: only BACKEND=sqlite has keys.")
    if settings.require_api_keys:
        settings.require("smtp_url", "public_url", "send_rate")
    if local.backend == "sqlite" and settings.smtp_url:
        settings.require("sender")
