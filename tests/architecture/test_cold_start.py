"""What each function loads: a cold start waits for all of it."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from benchmarks.cold_start import ENVIRONMENT, FUNCTIONS
from entrypoints.deployment.package import LOCK, ROOT

EVERYWHERE = {
    "annotated_types": "pydantic imports it",
    "aws_lambda_powertools": "the log's format, metrics, the API's resolver",
    "boto3": "the services",
    "botocore": "boto3 imports it",
    "dateutil": "botocore imports it",
    "dependency_injector": "the containers",
    "jmespath": "botocore imports it",
    "pydantic": "settings, the API's models",
    "pydantic_core": "pydantic imports it",
    "s3transfer": "boto3 imports it, whether or not it is asked for S3",
    "six": "dateutil imports it",
    "typing_extensions": "pydantic imports it",
    "typing_inspection": "pydantic imports it",
    "ulid": "ids, and each write to the table has one",
    "urllib3": "botocore imports it",
}
RENDERING = {"minijinja": "refuses a template that cannot be rendered, and renders each mail"}
MAILING = {"idna": "SES takes domains in ASCII only"}
THIRD_PARTY = {
    "create_campaign": {**EVERYWHERE, **RENDERING},
    "api": {**EVERYWHERE, **RENDERING, **MAILING},
    "start_campaign": {**EVERYWHERE, **RENDERING},
    "send_worker": {**EVERYWHERE, **RENDERING, **MAILING},
    "reconcile": {**EVERYWHERE, **RENDERING},  # the campaigns of series are checked by it
    "provider_events": EVERYWHERE,
    "run_job": EVERYWHERE,
    "webhooks": EVERYWHERE,
}
LIFECYCLE = {
    "approve_campaign",
    "campaign_change",
    "cancel_campaign",
    "edit_campaign",
    "pause_campaign",
    "resume_campaign",
}
MAKING = {
    "audience_walk",
    "create_campaign",
    "dispatch_start",
    "make_occurrences",
    "unanswered_add",
}
RECURRING = {*MAKING, "create_series", "edit_series", "series_change", "steer_series"}
SETTLING = {"chunk_walk", "finish_campaign", "settle_unknown"}
USE_CASES = {
    "create_campaign": {"clone_campaign", *RECURRING, *LIFECYCLE, *SETTLING},
    "api": {
        *LIFECYCLE,  # these, settling and creating for OpenAPI, which it serves whole
        *SETTLING,
        *RECURRING,
        "add_members",
        "clone_campaign",
        "list_campaigns",
        "discard_dead_letter",
        "explain_dead_letters",
        "grant_wait",
        "replay_dead_letters",
        "create_webhook",
        "edit_webhook",
        "replay_webhooks",
        "send_test_webhook",
        "add_suppression",
        "cancel_export",
        "cancel_import",
        "create_export",
        "create_import",
        "export_files",
        "job_steps",
        "list_refused",
        "read_export",
        "read_import",
        "start_import",
        "audience_walk",
        "confirm",
        "create_campaign",
        "create_segment",
        "check_template",
        "create_template",
        "delivery_walk",
        "edit_contact",
        "erase_contact",
        "explain_pending",
        "export_contact",
        "list_contacts",
        "list_deliveries",
        "list_members",
        "list_occurrences",
        "list_recipients",
        "look_up_contact",
        "preview_segment",
        "edit_template",
        "preview_template",
        "put_contacts",
        "read_campaign",
        "read_path_analytics",
        "write_content",
        "read_contact",
        "remove_suppression",
        "send_directly",
        "send_test_mails",
        "sign_up",
        "unsubscribe",
    },
    "start_campaign": {"audience_walk", "finish_campaign", "start_batch", "start_campaign"},
    "send_worker": {
        "chunk_writes",
        "finish_campaign",
        "grant_wait",
        "render_mails",
        "send_batch",
        "send_chunks",
    },
    "reconcile": {
        *MAKING,
        "campaign_change",
        "finish_campaign",
        "reconcile",
        "reconcile_chunks",
        "resume_campaign",
        "write_path_line",
    },
    "provider_events": {
        "announce_outcomes",
        "tell_webhooks",
        "count_soft_bounces",
        "finish_campaign",
        "record_provider_events",
    },
    "webhooks": {"announce_changes", "deliver_webhooks", "tell_webhooks"},
    "run_job": {
        "audience_walk",
        "chunk_walk",
        "continue_erasure",
        "delivery_walk",
        "erase_contact",
        "export_contact",
        "export_files",
        "finish_campaign",
        "import_file",
        "job_steps",
        "run_export",
        "run_import",
        "run_job",
        "unanswered_add",
    },
}
WITHOUT = {
    "create_campaign": {"job_run", "path_line", "unsubscribe", "webhook_delivery"},
    "api": set(),
    "start_campaign": {"job_run", "path_line", "unsubscribe", "webhook_delivery"},
    "send_worker": {"contact", "job_run", "path_line", "rule", "segment", "webhook_delivery"},
    "reconcile": {"unsubscribe", "webhook_delivery"},
    "provider_events": {"job_run", "path_line", "rule", "segment", "template", "unsubscribe"},
    "run_job": {"path_line", "unsubscribe", "webhook_delivery"},
    "webhooks": {"contact", "job_run", "path_line", "rule", "suppression", "unsubscribe"},
}
"""Of the domain: what modules that many import have brought in before."""
ELSEWHERE = (
    "adapters.memory",
    "entrypoints.containers.aws",
    "entrypoints.containers.core",
    "entrypoints.deployment",
    "entrypoints.local",
    "uvicorn",
)
"""For a process that does everything, or that is no function."""

_LOADED = """
import sys
import {handler}
for name, module in list(sys.modules.items()):
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
    if "site-packages" in origin or name.partition(".")[0] in ("adapters", "domain", "entrypoints"):
        print(name)
"""
_MADE = """
import gc, json
from dependency_injector.errors import Error
from {handler} import container
made = {{}}
for name, provider in container.providers.items():
    if name not in ("family", "settings"):
        try:
            made[name] = provider() is not None
        except Error:
            made[name] = False
print(json.dumps({{"made": made, "collects": gc.isenabled()}}))
"""
_BUILT = """
import {handler}
from entrypoints.http.models import Answer, Request
models = [Answer, Request]
for model in models:
    models += model.__subclasses__()
    if model.__pydantic_complete__:
        print(model.__name__)
"""


def _run(script: str, function: str) -> str:
    """What a new process says."""
    return subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, "-c", script.format(handler=f"entrypoints.aws.{function}")],
        env=ENVIRONMENT,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@cache
def loaded(function: str) -> frozenset[str]:
    """Modules that are not Python's own."""
    return frozenset(_run(_LOADED, function).split())


def _packaged() -> set[str]:
    """What third parties' libraries bring that the functions' package has.

    Some import others where they are installed, and development has more of them.
    """
    locked = set(re.findall(r"^([\w-]+)==", LOCK.read_text(), re.MULTILINE))
    return {
        name
        for name, distributions in packages_distributions().items()
        if locked.intersection(each.lower().replace("_", "-") for each in distributions)
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_the_packages_that_it_runs_on(function: str) -> None:
    """One more is a decision: it is named here, with its reason."""
    packages = {name.partition(".")[0] for name in loaded(function)}
    assert packages & _packaged() == set(THIRD_PARTY[function])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_no_other_functions_use_cases(function: str) -> None:
    """Each of them would bring its domain and its ports."""
    use_cases = {
        name.rpartition(".")[2] for name in loaded(function) if name.startswith("domain.use_cases.")
    }
    assert use_cases == USE_CASES[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_nothing_of_the_domain_that_it_has_no_use_for(function: str) -> None:
    """Each of its classes takes half a millisecond."""
    assert not loaded(function) & {f"domain.{name}" for name in WITHOUT[function]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_nothing_of_other_processes(function: str) -> None:
    """Neither the local runner's nor the deployment's, and no container of everything."""
    assert not [name for name in loaded(function) if name.startswith(ELSEWHERE)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_every_port_of_its_use_cases(function: str) -> None:
    """A container that it does not name would be missed at the first event only."""
    made: Mapping[str, bool] = json.loads(_run(_MADE, function))["made"]
    lacking = {name for name, is_made in made.items() if not is_made}
    # API Gateway sends these routes to the function which has what sets campaigns going.
    elsewhere = {"clone_campaign", "settle_unknown", *RECURRING, *LIFECYCLE} - {
        "audience_walk",
        "campaign_change",
        "unanswered_add",
    }
    assert lacking == (elsewhere if function == "api" else set())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_collects_its_garbage_once_it_is_loaded(function: str) -> None:
    """It is put off while loading; put off for good, memory would run out."""
    assert json.loads(_run(_MADE, function))["collects"]


@pytest.mark.parametrize("function", ["api", "create_campaign"])
def test_a_function_builds_no_body_before_a_request_needs_it(function: str) -> None:
    """All of them together take longer than most functions load."""
    assert not _run(_BUILT, function).split()
