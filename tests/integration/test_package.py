"""What `make package` builds: the same bytes each time, for its processor, and nothing to spare."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.cold_start import FUNCTIONS
from entrypoints.deployment import package

_MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
"""Of ELF's header (System V ABI), at byte 18."""
_LIMIT = 15_000_000


def test_two_runs_give_the_same_bytes(code: bytes, tmp_path: Path) -> None:
    """So that what is deployed can be told from its hash."""
    again = package.build("x86_64", tmp_path)

    assert again.read_bytes() == code
    assert len(code) < _LIMIT


@pytest.mark.parametrize("architecture", _MACHINES)
def test_libraries_are_of_the_functions_processor(
    code: bytes, architecture: str, tmp_path: Path
) -> None:
    """Whatever it is built on."""
    if architecture == "arm64":
        code = package.build(architecture, tmp_path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(code)) as built:
        libraries = [name for name in built.namelist() if name.endswith(".so")]
        machines = {built.read(name)[18] for name in libraries}

    assert libraries
    assert machines == {_MACHINES[architecture]}


def test_there_is_nothing_to_spare(code: bytes) -> None:
    """No sources of C, no stubs, no tests, no other services, nothing that runs elsewhere only."""
    with zipfile.ZipFile(io.BytesIO(code)) as built:
        names = built.namelist()
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/")}

    assert {Path(name).suffix for name in names}.isdisjoint({".c", ".h", ".pyx", ".pxd", ".pyi"})
    assert {name for name in services if "." not in name} == package.SERVICES
    for absent in ("uvicorn/", "tests/", "adapters/memory/", "entrypoints/local/", "benchmarks/"):
        assert not [name for name in names if name.startswith(absent)]
    assert all(name.endswith("/METADATA") for name in names if ".dist-info/" in name), (
        "what scanners read stays, and no more"
    )


def test_every_source_is_compiled(code: bytes) -> None:
    """A function cannot write what it compiles, and would do so at every start."""
    with zipfile.ZipFile(io.BytesIO(code)) as built:
        names = set(built.namelist())
    tag = sys.implementation.cache_tag

    for name in names:
        if name.endswith(".py"):
            path = Path(name)
            assert (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").as_posix() in names


def test_it_runs_by_itself(code: bytes, tmp_path: Path) -> None:
    """On a Python that has nothing else, each handler is found where template.yaml says."""
    with zipfile.ZipFile(io.BytesIO(code)) as built:
        built.extractall(tmp_path)
    arn = "arn:aws:lambda:eu-central-1:000000000000:function:x"
    environment = {
        "DEPLOYMENT_NAME": "sentinel",
        "TABLE_NAME": "sentinel",
        "SENDER": "news@example.com",
        "SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send",
        "URGENT_SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send-urgent",
        "START_QUEUE_URL": "https://sqs.example.com/sentinel-start-queue",
        "AWS_REGION": "eu-central-1",
        "START_CAMPAIGN_LAMBDA_ARN": arn,
        "RUN_JOB_LAMBDA_ARN": arn,
        "EVENTBRIDGE_ROLE_ARN": arn,
        "FILES_BUCKET": "sentinel-data",
        "SCHEDULE_GROUP": "sentinel",
        "SCHEDULE_DEAD_LETTER_ARN": arn,
        "API_KEYS_SECRET_ARN": arn,
        "ADDRESS_HASH_KEY_SECRET_ARN": arn,
        "PUBLIC_URL": "https://mail.example.com",
    }
    for function in FUNCTIONS:
        script = (
            f"import sys; sys.path[:0] = [{str(tmp_path)!r}]\n"
            f"from entrypoints.aws.{function} import handler\n"
            "import json, botocore\n"
            "print(json.dumps([callable(handler), botocore.__file__]))"
        )
        done = subprocess.run(  # noqa: S603  our own arguments
            [sys.base_prefix + "/bin/python3", "-I", "-S", "-c", script],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        is_callable, library = json.loads(done.stdout)
        assert is_callable
        assert library.startswith(str(tmp_path))


@pytest.mark.parametrize(
    "missing",
    ["TABLE_NAME", "SEND_QUEUE_URL", "URGENT_SEND_QUEUE_URL", "START_CAMPAIGN_LAMBDA_ARN"],
)
def test_a_function_without_a_setting_fails_as_it_is_loaded(missing: str) -> None:
    """Not at its first campaign; the variable is named."""
    environment = {
        "TABLE_NAME": "sentinel",
        "SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send",
        "URGENT_SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send-urgent",
        "START_QUEUE_URL": "https://sqs.example.com/sentinel-start-queue",
        "START_CAMPAIGN_LAMBDA_ARN": "arn:aws:lambda:eu-central-1:000000000000:function:x",
    }
    del environment[missing]
    done = subprocess.run(
        [sys.executable, "-c", "import entrypoints.aws.start_campaign"],
        env=environment,
        cwd=package.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert f"{missing}: not set." in done.stderr
