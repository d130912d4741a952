"""The containers: every provider of every family resolves, to the port it names."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest
from dependency_injector import providers

from domain.ports.metrics import Metrics
from domain.use_cases.create_campaign import CreateCampaign
from entrypoints.containers import Family, build
from entrypoints.settings import Settings

SETTINGS = Settings.from_environment(
    {
        "SMTP_URL": "smtp://127.0.0.1:1",
        "ADDRESS_HASH_KEY": "k" * 32,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "SEND_QUEUE_URL": "http://127.0.0.1:1/000000000000/sentinel-send",
        "URGENT_SEND_QUEUE_URL": "http://127.0.0.1:1/000000000000/sentinel-send-urgent",
        "START_QUEUE_URL": "http://127.0.0.1:1/000000000000/sentinel-start-queue",
        "START_CAMPAIGN_LAMBDA_ARN": "arn:aws:lambda:us-east-1:000000000000:function:start",
        "RUN_JOB_LAMBDA_ARN": "arn:aws:lambda:us-east-1:000000000000:function:job",
        "EVENTBRIDGE_ROLE_ARN": "arn:aws:iam::000000000000:role/scheduler",
        "MAX_LATENESS_SECONDS": "7200",
    }
)
PORTS = {
    "admission",
    "api_keys",
    "campaigns",
    "chunks",
    "clock",
    "contacts",
    "contents",
    "dead_letters",
    "fan_out",
    "ids",
    "invoker",
    "job_invoker",
    "jobs",
    "limiter",
    "mailer",
    "metrics",
    "object_store",
    "open_work",
    "provider_events",
    "queue",
    "renderer",
    "scheduler",
    "segments",
    "sending_account",
    "start_queue",
    "suppressions",
    "templates",
    "urgent_mailer",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of every family; what is kept in a file is kept in a new one."""
    return SETTINGS.model_copy(update={"database": tmp_path / "sentinel.db"})


@pytest.mark.parametrize("family", Family)
def test_every_provider_resolves(family: Family, settings: Settings) -> None:
    """No use case lacks a port, and nothing is called while they are made."""
    container = build(family, settings)
    for name, provider in container.providers.items():
        if name not in {"family", "settings"}:
            use_case = provider()
            fields = get_type_hints(type(use_case))
            assert all(getattr(use_case, field) is not None for field in fields)
    assert set(container.family.providers) >= PORTS
    for provider in container.family.providers.values():
        provider()


@pytest.mark.parametrize("family", Family)
def test_one_process_has_one_of_each_adapter(family: Family, settings: Settings) -> None:
    """Use cases share their adapters, and so the store, the queue and the clients in them."""
    container = build(family, settings)
    create: CreateCampaign = container.create_campaign()
    assert create.dispatch.invoker is container.start_campaign().invoker
    assert create.dispatch.start_queue is container.start_batch().start_queue
    assert create.campaigns is container.reconcile().campaigns


def test_settings_reach_the_use_cases() -> None:
    """What the environment says is what delivery runs by."""
    container = build(Family.MEMORY, SETTINGS)
    assert container.start_campaign().policy.max_lateness == timedelta(hours=2)
    assert isinstance(container.settings, providers.Dependency)


@pytest.mark.parametrize("family", Family)
def test_metrics_are_lines_of_the_functions_only(
    family: Family, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """On AWS they carry the stage; a local runner keeps its output for people."""
    container = build(family, settings.model_copy(update={"stage": "staging"}))
    metrics: Metrics = container.reconcile().metrics
    metrics.open_work(
        unknown_held=0,
        oldest_unknown=timedelta(),
        oldest_unfinished_chunk=timedelta(),
        longest_stall=timedelta(),
    )
    assert ('"stage":"staging"' in capsys.readouterr().out) == (family is Family.AWS)


@pytest.mark.parametrize("family", Family)
def test_a_send_rate_that_is_set_is_the_limit(family: Family, settings: Settings) -> None:
    """Nobody is asked what the account allows."""
    limited = settings.model_copy(update={"send_rate": 500})

    assert build(family, limited).family.limiter().limit == 500


def test_without_a_send_rate_the_limit_is_the_accounts() -> None:
    """In the process it is as it is told."""
    container = build(Family.MEMORY, SETTINGS)
    account = container.family.sending_account()
    account.allowed = replace(account.allowed, max_rate=14.5)

    assert container.family.limiter().limit == 14
