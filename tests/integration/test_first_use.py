"""Adapters are made when they are first asked for, and the runner's threads ask at once."""

import sys
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from domain.use_cases.send_chunks import SendChunks
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.settings import Settings
from tests.contracts.races import race

SETTINGS = Settings(address_hash_key=SecretStr("k" * 32), aws_endpoint_url="http://127.0.0.1:1")
WORKERS = 4
RUNS = 40


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads that take turns as often as Python can, so that few runs show what many would."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
@pytest.mark.parametrize("family", [Family.MEMORY, Family.EMULATOR])
def test_workers_that_begin_at_once_share_outbox_queue_and_limit(family: Family) -> None:
    """With an outbox or a limit of its own, a worker's mails are not shown, or come too fast."""
    for _ in range(RUNS):
        container = build(family, SETTINGS)
        container.reconcile()
        made = race(_send_chunks, [container] * WORKERS)
        for name in ("mailer", "limiter", "queue"):
            assert len({id(getattr(each, name)) for each in made}) == 1, name


def _send_chunks(container: Core) -> SendChunks:
    return container.send_batch().send_chunks
