"""Sentinel as a service: what the unit and the container file name is there, and fits together."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from entrypoints.local.__main__ import GRACE_SECONDS
from entrypoints.local.settings import LocalSettings, runner_environment
from entrypoints.settings import Settings, read_environment

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
UNIT = (SERVICE / "sentinel.service").read_text()
CONTAINERFILE = (SERVICE / "Containerfile").read_text()
PAGE = (ROOT / "docs" / "one-machine.md").read_text()
SETTINGS = {name.upper() for model in (Settings, LocalSettings) for name in model.model_fields}
OTHERS = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def values(name: str) -> list[str]:
    """Of that name in the unit, in order: systemd takes some more than once."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def environment_of_the_unit() -> dict[str, str]:
    """What the service starts with, the example's own part included."""
    own = [
        line
        for line in (SERVICE / "sentinel.env").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return dict(line.split("=", 1) for line in [*values("Environment"), *own])


def environment_of_the_image() -> dict[str, str]:
    """What a container starts with."""
    (block,) = re.findall(r"^ENV BACKEND=.*?[^\\]$", CONTAINERFILE, re.MULTILINE | re.DOTALL)
    return dict(
        pair.split("=", 1) for pair in block.removeprefix("ENV ").replace("\\\n", "").split()
    )


def test_the_unit_runs_as_it_stands() -> None:
    """With the example's settings, which are all it asks for, and every one is a setting."""
    environment = environment_of_the_unit()

    settings = Settings.from_environment(runner_environment(environment))

    assert settings.require_api_keys
    assert set(environment) <= SETTINGS | OTHERS


def test_the_image_listens_with_keys_only() -> None:
    """With the same settings of one's own."""
    own = {"SMTP_URL": "smtps://mail.example.com", "SENDER": "news@example.com"}
    own |= {"PUBLIC_URL": "https://mail.example.com", "SEND_RATE": "10"}
    environment = environment_of_the_image()

    found = runner_environment({**environment, **own})

    assert read_environment(LocalSettings, found).is_open_to_others
    assert set(environment) <= SETTINGS


def test_what_is_run_is_there() -> None:
    """The module, in the folder that the unit and the image run it from."""
    (command,) = values("ExecStart")
    (folder,) = values("WorkingDirectory")
    python, *arguments = command.split()
    (entrypoint,) = re.findall(r"^ENTRYPOINT \[(.*)\]$", CONTAINERFILE, re.MULTILINE)
    module = arguments[-1]

    assert python == f"{folder}/.venv/bin/python"
    assert arguments == ["-m", module]
    assert entrypoint == f'"python", "-m", "{module}"'
    assert find_spec(f"{module}.__main__")
    assert folder in PAGE


def test_what_is_copied_into_the_image_is_there() -> None:
    """And it is all that the runner imports."""
    copied = re.findall(r"^COPY (\S+) \S+$", CONTAINERFILE, re.MULTILINE)

    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) == {"requirements.lock", "domain", "adapters", "entrypoints"}


def test_what_is_done_in_the_container_is_in_the_image() -> None:
    """It has no make: its modules are named instead, and do what the page says of them."""
    commands = re.findall(r"^podman exec sentinel python -m (\S+) (\S+)", PAGE, re.MULTILINE)

    assert commands == [
        ("entrypoints.deployment.api_keys", "issue"),
        ("entrypoints.local.upkeep", "backup"),
    ]
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"-m {module} {verb}" in makefile for module, verb in commands)


def test_what_is_kept_is_in_the_folder_that_systemd_makes() -> None:
    """Everything else is read-only."""
    environment = environment_of_the_unit()
    (state,), (runtime,) = values("StateDirectory"), values("RuntimeDirectory")

    assert Path(environment["DATABASE"]).parent == Path("/var/lib") / state
    assert Path(environment["PROMETHEUS_MULTIPROC_DIR"]).parent == Path("/run") / runtime
    assert values("ProtectSystem") == ["strict"]


def test_it_is_killed_later_than_it_drains() -> None:
    """What it was at is finished, and nobody is left in doubt by a restart."""
    drain = read_environment(LocalSettings, environment_of_the_unit()).drain_seconds
    (stop,) = values("TimeoutStopSec")

    assert int(stop) > GRACE_SECONDS + drain


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not there")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Every line of it; only the program is another, for that one is not installed here."""
    (command,) = values("ExecStart")
    unit = tmp_path / "sentinel.service"
    unit.write_text(UNIT.replace(command, "/bin/true"))

    result = subprocess.run(  # noqa: S603  systemd's own
        ["/usr/bin/env", "systemd-analyze", "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_every_setting_of_the_service_is_documented() -> None:
    """A row of the table each; and the table has none that is no setting."""
    table = [line for line in PAGE.splitlines() if re.match(r"\| `[A-Z]", line)]
    rows = {name for line in table for name in re.findall(r"`([A-Z_]+)`", line.split(" | ")[0])}

    assert rows <= SETTINGS
    assert rows >= {name.upper() for name in LocalSettings.model_fields} - {"BACKEND"}
    assert rows >= set(environment_of_the_unit()) - OTHERS - {"BACKEND"}


def test_the_unit_is_read_as_configuration() -> None:
    """Its three sections, and nothing outside of them."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.read_string(UNIT)

    assert parser.sections() == ["Unit", "Service", "Install"]
