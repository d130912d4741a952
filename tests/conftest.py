"""What all tests share: no way to AWS, and one emulator for those that ask for it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings

from entrypoints.local.emulator import running_ministack

# How long an example takes is the machine's business, and which one fails is not left to chance;
# `make prove` looks for others.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("searching", settings.get_profile("repeatable"), derandomize=False)
settings.load_profile("repeatable")

ACCOUNT = "100000000001"
"""The emulator takes a 12-digit access key id for the account, each with its own resources."""
REGION = "eu-central-1"


@dataclass(frozen=True)
class Emulator:
    """A running AWS emulator."""

    endpoint_url: str
    account: str
    region: str


@pytest.fixture(scope="session", autouse=True)
def no_aws() -> Iterator[None]:
    """Whatever the machine's AWS configuration is, tests do not find it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "LOCALSTACK_"))]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        # The emulator's own: it looks at what URLs are signed by.
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


@pytest.fixture(scope="session", autouse=True)
def no_make_above() -> Iterator[None]:
    """What tests run by make prints the same under `make test` as from a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One emulator for the whole run, ended with it."""
    with running_ministack() as endpoint_url:
        yield Emulator(endpoint_url, ACCOUNT, REGION)
