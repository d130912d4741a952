"""A real emulator, and the local runner as a real process on each of its backends."""

import fcntl
from collections.abc import Iterator

import pytest

from tests.conftest import Emulator
from tests.integration.command_line import CommandLine
from tests.integration.deployed import Deployed
from tests.integration.on_lambda import OnLambda, package_for_this_machine, running
from tests.integration.runner import SHORT_TIMES, FirstMinute, Runner
from tests.integration.runner import running as running_locally


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
    with running_locally(tmp_path_factory.mktemp("emulator-runner")) as runner:
        yield FirstMinute.of(runner)


@pytest.fixture(scope="session")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstMinute]:
    """`make local-run BACKEND=memory`, likewise."""
    with running_locally(tmp_path_factory.mktemp("memory-runner"), BACKEND="memory") as runner:
        yield FirstMinute.of(runner)


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
