"""How long the functions take to load, against what they import of others.

`python -m benchmarks.cold_start` prints it; it fails where a ratio passes its limit.
"""

import json
import platform
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.markdown import table
from entrypoints.deployment import package

RUNS = 15
LIMITS: Mapping[str, float] = {
    "create_campaign": 1.35,
    "api": 1.75,
    "start_campaign": 1.35,
    "send_worker": 1.35,
    "reconcile": 1.45,
    "provider_events": 1.35,
    "run_job": 1.4,
    "webhooks": 1.3,
}
"""Of each ratio: what is reached, and by how much one run differs from another (docs/decisions,
0007)."""
FUNCTIONS = tuple(LIMITS)
_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:x"
ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "DEPLOYMENT_NAME": "sentinel",
    "TABLE_NAME": "sentinel",
    "SENDER": "news@example.com",
    "PUBLIC_URL": "https://mail.example.com",
    "SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send",
    "URGENT_SEND_QUEUE_URL": "https://sqs.example.com/sentinel-send-urgent",
    "START_QUEUE_URL": "https://sqs.example.com/sentinel-start-queue",
    "SCHEDULE_GROUP": "sentinel",
    "START_CAMPAIGN_LAMBDA_ARN": _ARN,
    "RUN_JOB_LAMBDA_ARN": _ARN,
    "EVENTBRIDGE_ROLE_ARN": _ARN,
    "SCHEDULE_DEAD_LETTER_ARN": _ARN,
    "API_KEYS_SECRET_ARN": _ARN,
    "ADDRESS_HASH_KEY_SECRET_ARN": _ARN,
    "FILES_BUCKET": "sentinel-files",
}
"""What each function needs to be loaded; nothing is called."""

_OTHERS = """
import sys
before = set(sys.modules)
import {handler}
own = ("adapters", "domain", "entrypoints")
print(*(
    name
    for name, module in sys.modules.items()
    if name not in before
    and name.partition(".")[0] not in own
    and getattr(getattr(module, "__spec__", None), "name", None) == name
))
"""
_TIMED = """
import importlib, sys, time
names = {names}
begun = time.process_time()
for name in names:
    importlib.import_module(name)
print(time.process_time() - begun)
"""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Medians, in seconds of the processor, of fresh processes that took turns."""

    function: str
    others: float
    handler: float

    @property
    def ratio(self) -> float:
        """What our code makes of it."""
        return self.handler / self.others

    @property
    def is_within_limit(self) -> bool:
        """Whether the ratio is."""
        return self.ratio <= LIMITS[self.function]


def main() -> int:
    """Returns the exit status."""
    starts = measure()
    sys.stdout.write(section(starts))
    return int(any(not each.is_within_limit for each in starts))


def measure() -> Sequence[ColdStart]:
    """Of the package as it is deployed, for this machine's processor."""
    architecture = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    with TemporaryDirectory() as folder:
        tree = Path(folder, "code")
        with zipfile.ZipFile(package.build(architecture, Path(folder))) as built:
            built.extractall(tree)
        return [_measured(tree, function) for function in FUNCTIONS]


def section(starts: Sequence[ColdStart]) -> str:
    """What the document says of it."""
    rows = [
        (
            each.function.replace("_", "-"),
            f"{each.others * 1_000:.0f} ms",
            f"{each.handler * 1_000:.0f} ms",
            f"{each.ratio:.2f}",
            f"{LIMITS[each.function]:.2f}",
        )
        for each in starts
    ]
    above = ", ".join(
        each.function.replace("_", "-") for each in starts if not each.is_within_limit
    )
    return f"""\
## Cold starts

How much of the processor's time a fresh Python takes to import each function's handler out of the
package, and how much to import the modules of others that it imports, without a line of ours; the
two took turns, {RUNS} times each; medians. The goal of 1.15 is reached by none
([why](decisions/0007-no-collection-while-loading.md)): each has a limit of its own, and above it in
this run: {above or "none"}.

{table(["function:", "others' modules", "handler", "ratio", "limit"], rows)}

Python looks for garbage while it imports the modules alone, as it does unless it is told not to;
the handlers put that off until they are loaded. Lambda's own start comes on top of both. From run
to run a ratio differs by a few hundredths where the machine does other things as well.
"""


def _measured(tree: Path, function: str) -> ColdStart:
    handler = f"entrypoints.aws.{function}"
    names = _run(tree, _OTHERS.format(handler=handler)).split()
    seconds: dict[str, list[float]] = {"others": [], "handler": []}
    scripts = {"others": _TIMED.format(names=names), "handler": _TIMED.format(names=[handler])}
    for _ in range(RUNS):
        for which, script in scripts.items():
            seconds[which].append(float(_run(tree, script)))
    medians = {which: statistics.median(taken) for which, taken in seconds.items()}
    return ColdStart(function, **medians)


def _run(tree: Path, script: str) -> str:
    """What a Python says that has the package and nothing else."""
    # Without `site` nothing has imported os yet, and its parts cannot be imported before it.
    search = f"import os, sys; sys.path[:0] = [{json.dumps(str(tree))}]\n"
    return subprocess.run(  # noqa: S603  our own arguments
        [f"{sys.base_prefix}/bin/python3", "-I", "-S", "-B", "-c", search + script],
        env=ENVIRONMENT,
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
