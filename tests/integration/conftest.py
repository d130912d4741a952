"""A real emulator, and the local runner as a real process on each of its backends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.conftest import Emulator
from tests.integration.command_line import CommandLine
from tests.integration.deployed import Deployed
from tests.integration.on_lambda import OnLambda, package_for_this_machine, running
from tests.integration.process_clock import ProcessClock
from tests.integration.runner import SHORT_TIMES, FirstMinute, Runner
from tests.integration.runner import running as running_locally

_OF_THE_FIRST_MINUTE = frozenset({"test_banner", "test_outbox", "test_scheduled_campaign"})
"""They look at the same two runners, each of which takes long to start and to mail thousands."""
_LONG = (
    *sorted(_OF_THE_FIRST_MINUTE),
    "test_redeploy",
    "test_on_lambda",
    "test_deployment_commands",
    "test_one_machine",
    "test_exactly_once",
    "test_killed_function",
    "test_kills",
    "test_cli_move",
)
"""Those begin first: one that began last would be waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first."""
    items.sort(key=lambda item: _LONG.index(name) if (name := item.path.stem) in _LONG else 99)


class ByRunner(LoadFileScheduling):  # type: ignore[misc]
    """A file is one worker's, and those that share runners are."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "the first minute" if Path(file).stem in _OF_THE_FIRST_MINUTE else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRunner:
    """Of all that is under this folder."""
    return ByRunner(config, log)


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> bytes:
    """What the functions run, built by the first worker that needs it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    built = shared / "package.zip"
    with (shared / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            package_for_this_machine(shared / "package").rename(built)
    return built.read_bytes()


@pytest.fixture(scope="module")
def on_lambda(code: bytes) -> Iterator[OnLambda]:
    """The whole deployment, on an emulator that enforces permissions."""
    with running(code) as sentinel:
        yield sentinel


@pytest.fixture
def deployed(emulator: Emulator) -> Deployed:
    """Sentinel in this process on the emulator, with nobody in its segment."""
    return Deployed(emulator)


@pytest.fixture(scope="session")
def on_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstMinute]:
    """`make local-run`, whose three examples were pasted as soon as it served."""
    with first_minute_of(tmp_path_factory.mktemp("emulator-runner")) as found:
        yield found


@pytest.fixture(scope="session")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstMinute]:
    """`make local-run BACKEND=memory`, likewise."""
    with first_minute_of(tmp_path_factory.mktemp("memory-runner"), BACKEND="memory") as found:
        yield found


@contextmanager
def first_minute_of(directory: Path, **environment: str) -> Iterator[FirstMinute]:
    """On a runner whose clock can be set.

    Its reconciler looks once only: it may come before a schedule in that schedule's second.
    """
    clock = ProcessClock.at(directory / "offset")
    environment = {"RECONCILE_SECONDS": "3600", **environment, **clock.environment}
    with running_locally(directory, **environment) as runner:
        yield FirstMinute.of(runner, clock)


@pytest.fixture(params=["on_emulator", "in_memory"])
def first_minute(request: pytest.FixtureRequest) -> FirstMinute:
    """Each of the two."""
    found: FirstMinute = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def runner(first_minute: FirstMinute) -> Runner:
    """The runner itself."""
    return first_minute.runner


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The command line, and a local runner in memory for it."""
    directory = tmp_path_factory.mktemp("cli-runner")
    with running_locally(directory, BACKEND="memory", **SHORT_TIMES) as runner:
        yield CommandLine(str(runner.client.base_url))
