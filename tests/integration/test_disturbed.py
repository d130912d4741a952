"""A campaign amid what AWS documents and no emulator does: nobody lost, nobody mailed twice."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import botocore.session
import pytest

from domain.campaign import CampaignState, PauseReason
from domain.identifiers import CampaignId
from domain.recipient import RecipientState
from tests.conftest import Emulator
from tests.integration.deployed import Deployed
from tests.integration.documented_faults import FAULTS, OFTEN, Disturbance, Refusal
from tests.integration.reckoning import Reckoning, reckoned, settled
from tests.integration.runner import SHORT_TIMES, Runner, running
from tests.integration.service_proxy import none, service_proxy
from tests.integration.waiting import PATIENCE, wait_for

_SOME = 20
"""Of the faults that come by chance, some fifty at least."""


def _refusals() -> list[tuple[str, Refusal]]:
    return [
        (operation, fault)
        for operation, faults in FAULTS.items()
        for fault in faults.values()
        if isinstance(fault, Refusal)
    ]


@pytest.mark.parametrize(("operation", "refusal"), _refusals())
def test_a_refusal_is_one_that_its_operation_documents(operation: str, refusal: Refusal) -> None:
    """Of that name, and of that status where the service's model says one."""
    model = botocore.session.get_session().get_service_model(refusal.service)

    errors = {error.name: error for error in model.operation_model(operation).error_shapes}

    assert refusal.code in errors
    documented = errors[refusal.code].metadata.get("error", {})
    assert refusal.status == documented.get("httpStatusCode", refusal.status)


def _disturbed(  # noqa: PLR0913  what a run is made of
    emulator: Emulator,
    directory: Path,
    *,
    size: int,
    seed: int = 20_251_125,
    percent: Mapping[str, int],
    within: float = PATIENCE,
    settings: Mapping[str, str],
) -> tuple[Reckoning, Counter[str]]:
    """A campaign for later, moved to now: what became of everybody, and which faults there were."""
    deployed = Deployed(emulator)
    deployed.add_people(size)
    deployed.redeliver_after(10)
    disturbance = Disturbance(seed, percent)
    with service_proxy(emulator.endpoint_url) as proxy:
        environment = {**deployed.environment(proxy.url), **SHORT_TIMES, **settings}
        with running(directory, **environment) as runner:
            proxy.fault = disturbance
            campaign_id = _create(runner, deployed)
            _move_to_now(runner, deployed, campaign_id)
            _until_sent(runner, deployed, campaign_id, within)
            proxy.fault = none
            listed = settled(runner, deployed, campaign_id, within)
    reckoning = reckoned(deployed, campaign_id, size)
    assert reckoning.those(RecipientState.UNKNOWN) == listed
    assert reckoning.those(RecipientState.SENT) == reckoning.mails.keys()
    return reckoning, disturbance.happened


def _create(runner: Runner, deployed: Deployed) -> CampaignId:
    """Asked for until it is answered: under one key it is created once."""
    later = datetime.now(UTC) + timedelta(days=1)
    body = {**deployed.body, "schedule_at": later.isoformat()}

    def ask() -> CampaignId | None:
        answer = runner.client.post(
            "/v1/campaigns", json=body, headers={"Idempotency-Key": "disturbed"}
        )
        if answer.is_success:
            return CampaignId(answer.json()["campaign_id"])
        assert answer.status_code in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT}
        return None

    return wait_for(ask, what="the campaign is taken")


def _move_to_now(runner: Runner, deployed: Deployed, campaign_id: CampaignId) -> None:
    def ask() -> bool | None:
        runner.client.patch(f"/v1/campaigns/{campaign_id}", json={"schedule_at": None})
        return deployed.campaign(campaign_id).state is not CampaignState.SCHEDULED or None

    wait_for(ask, what="the campaign is moved to now")


def _until_sent(runner: Runner, deployed: Deployed, campaign_id: CampaignId, within: float) -> None:
    """With somebody at hand who resumes what the account paused; quota pauses end by themselves."""

    def look() -> bool | None:
        campaign = deployed.campaign(campaign_id)
        if campaign.pause_reason is PauseReason.ACCOUNT:
            runner.client.post(f"/v1/campaigns/{campaign_id}/resume")
        return campaign.state is CampaignState.SENT or None

    wait_for(look, within=within, what="the campaign is sent")


def test_bulk_sends_amid_faults(emulator: Emulator, tmp_path: Path) -> None:
    """Every fifth call of each service fails in a documented way, of SES every second."""
    happened = _disturbed(
        emulator,
        tmp_path,
        size=400,
        percent={"": 20, **OFTEN, "SendBulkEmail": 50},
        settings={"SES_BULK": "true", "SEND_RATE": "400"},
    )[1]

    assert happened.total() > _SOME


def test_single_sends_amid_faults(emulator: Emulator, tmp_path: Path) -> None:
    """Likewise; each of many mails has its own chance."""
    happened = _disturbed(
        emulator,
        tmp_path,
        size=100,
        percent={"": 20, "SendEmail": 7},
        settings={"SES_BULK": "false", "SEND_RATE": "400"},
    )[1]

    assert happened.total() > _SOME


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bulk", ["true", "false"], ids=["bulk sends", "single sends"])
def test_a_campaign_amid_all_faults(
    emulator: Emulator, tmp_path: Path, bulk: str, seed: int
) -> None:
    """Every fault that any call of its services can meet, but of what is not called here."""
    reckoning, happened = _disturbed(
        emulator,
        tmp_path,
        size=1_500,
        seed=seed,
        percent={"": 20, **OFTEN, "SendBulkEmail": 50, "SendEmail": 2},
        within=600,
        settings={"SES_BULK": bulk, "SEND_RATE": "400"},
    )

    print(  # noqa: T201  what make prove shows
        *(f"{times:5} {what}" for what, times in sorted(happened.items())),
        f"{len(reckoning.those(RecipientState.UNKNOWN)):5} unknown, none of them mailed",
        sep="\n",
    )
    sends = "SendBulkEmail" if bulk == "true" else "SendEmail"
    for operation in (sends, "TransactWriteItems", "BatchGetItem", "PutItem", "Query"):
        assert {f"{operation}: {name}" for name in FAULTS[operation]} <= happened.keys()
