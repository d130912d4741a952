"""How the runner ends: nothing half done, and the next one goes on."""

import os
import signal
import socket
from collections import Counter
from pathlib import Path

import httpx
import pytest

from domain.identifiers import CampaignId
from entrypoints.local.emulator import free_port
from tests.integration.deployed import Deployed
from tests.integration.runner import running, start
from tests.integration.test_outbox import VIPS
from tests.integration.waiting import wait_for

FLASH_SALE = {
    "name": "Flash Sale",
    "template_id": "promo-template",
    "segment_id": "vip-customers",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_it_is_asked_to(tmp_path: Path, number: signal.Signals) -> None:
    """By Ctrl-C and by whatever supervises it: it drains, and its exit status is 0."""
    with running(tmp_path, BACKEND="memory") as runner:
        runner.client.post("/v1/campaigns", json=FLASH_SALE)
        runner.end(number)


def test_the_service_manager_is_told_that_it_serves_and_that_it_ends(tmp_path: Path) -> None:
    """As systemd reads it, with `Type=notify`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        with running(tmp_path, BACKEND="memory", NOTIFY_SOCKET=str(tmp_path / "notify")) as runner:
            assert manager.recv(100) == b"READY=1"
            runner.end(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"


def test_it_ends_though_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    """`make local-run | head` has closed the pipe by then; Ctrl-C still works."""
    reading, writing = os.pipe()
    environment = {"PORT": str(free_port()), "BACKEND": "memory"}
    with start(writing, tmp_path / "log", environment) as process:
        os.close(writing)
        with os.fdopen(reading, "rb") as printed:
            assert any(b"Ctrl-C ends it" in line for line in printed)
        process.send_signal(signal.SIGINT)

        wait_for(lambda: process.poll() is not None or None, within=30, what="it ends")


def test_a_service_manager_that_is_gone_keeps_it_from_nothing(tmp_path: Path) -> None:
    """It serves, and drains; whose variable it inherited is not its business."""
    with running(tmp_path, BACKEND="memory", NOTIFY_SOCKET=str(tmp_path / "nobody")) as runner:
        runner.end(signal.SIGTERM)


def test_it_serves_and_drains_though_the_disk_of_its_output_is_full(tmp_path: Path) -> None:
    """What it prints is lost, and nothing else."""
    port, log = free_port(), tmp_path / "log"
    environment = {"PORT": str(port), "BACKEND": "memory"}
    with Path("/dev/full").open("wb") as full, start(full, log, environment) as process:
        wait_for(lambda: _answers(port) or process.poll(), within=30, what="it serves")
        process.send_signal(signal.SIGTERM)

        wait_for(lambda: process.poll() is not None or None, within=30, what="it ends")
    assert "Traceback" not in log.read_text()


def _answers(port: int) -> bool | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success or None
    except httpx.TransportError:
        return None


def test_a_campaign_that_was_cut_short_is_finished_by_the_next_run(
    deployed: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ctrl-C in the middle: what was begun is finished, the rest is sent later, all of it once."""
    environment = {
        "AWS_ENDPOINT_URL": deployed.endpoint_url,
        "AWS_REGION": deployed.settings.aws_region,
        "EMULATOR_ACCESS_KEY": deployed.account,
        "SES_BULK": "true",
        "SEND_RATE": "150",
    }
    with running(tmp_path_factory.mktemp("first"), **environment) as runner:
        answer = runner.client.post("/v1/campaigns", json=FLASH_SALE)
        campaign_id = CampaignId(answer.json()["campaign_id"])
        wait_for(lambda: deployed.mails() or None, within=60, what="the first mails")
    mailed = deployed.mails()
    progress = deployed.progress(campaign_id)
    assert 0 < progress.tally.sent < 1_000
    assert progress.tally.recipients == progress.tally.sent == mailed.total()

    with running(tmp_path_factory.mktemp("second"), **environment) as runner:
        campaign = runner.sent(campaign_id, within=60)

    assert deployed.mails() == Counter(VIPS)
    assert campaign["counts"]["sent"] == 1_000
