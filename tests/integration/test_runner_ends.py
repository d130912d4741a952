"""How the runner ends: nothing half done, and the next one goes on."""

import os
import signal
import socket
from collections import Counter
from pathlib import Path

import httpx
import pytest

from domain.identifiers import CampaignId
from domain.recipient import RecipientState
from entrypoints.local.emulator import answers, held_port
from entrypoints.local.run_lock import run_lock
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
        manager.settimeout(60)
        with running(tmp_path, BACKEND="memory", NOTIFY_SOCKET=str(tmp_path / "notify")) as runner:
            assert manager.recv(100) == b"READY=1"
            runner.end(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("thread", ["run-job", "upkeep", "worker-0", "worker-1"])
def test_it_ends_when_it_is_asked_to_while_it_begins(tmp_path: Path, thread: str) -> None:
    """Whatever it has started by then ends with it, and nothing else is waited for."""
    environment = {
        "BACKEND": "sqlite",
        "DATABASE": str(tmp_path / "sentinel.db"),
        "SMTP_URL": "smtp://127.0.0.1:1",
        "WORKERS": "2",
        "DEMO_DATA": "false",
        "SENDER": "news@sentinel.example",
        "PYTHONPATH": str(Path(__file__).parent / "ended_early"),
        "ENDED_AFTER": thread,
    }
    output = tmp_path / "output"
    with output.open("wb") as stdout, start(stdout, tmp_path / "log", environment) as process:
        wait_for(lambda: process.poll() is not None or None, what="it ends")

    assert process.returncode == 0, (tmp_path / "log").read_text()
    assert "Finishing what is under way" in output.read_text()
    with run_lock(tmp_path / "sentinel.db", 0, print):
        pass


def test_it_ends_though_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    """`make local-run | head` has closed the pipe by then; Ctrl-C still works."""
    reading, writing = os.pipe()
    with start(writing, tmp_path / "log", {"BACKEND": "memory"}) as process:
        os.close(writing)
        with os.fdopen(reading, "rb") as printed:
            assert any(b"Ctrl-C ends it" in line for line in printed)
        process.send_signal(signal.SIGINT)

        wait_for(lambda: process.poll() is not None or None, what="it ends")


def test_a_service_manager_that_is_gone_keeps_it_from_nothing(tmp_path: Path) -> None:
    """It serves, and drains; whose variable it inherited is not its business."""
    with running(tmp_path, BACKEND="memory", NOTIFY_SOCKET=str(tmp_path / "nobody")) as runner:
        runner.end(signal.SIGTERM)


def test_it_serves_and_drains_though_the_disk_of_its_output_is_full(tmp_path: Path) -> None:
    """What it prints is lost, and nothing else."""
    log = tmp_path / "log"
    with (
        held_port() as port,
        Path("/dev/full").open("wb") as full,
        start(full, log, {"PORT": str(port), "BACKEND": "memory"}) as process,
    ):
        wait_for(lambda: _answers(port) or process.poll(), what="it serves")
        process.send_signal(signal.SIGTERM)

        wait_for(lambda: process.poll() is not None or None, what="it ends")
    assert "Traceback" not in log.read_text()


def _answers(port: int) -> bool | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success or None
    except httpx.TransportError:
        return None


def test_the_emulator_that_it_started_ends_with_it(tmp_path: Path) -> None:
    """Killed, too: nobody else would ever end it."""
    with running(tmp_path, DEMO_DATA="false") as runner:
        emulator = runner.emulator_url
        runner.process.kill()
        runner.process.wait()

        wait_for(lambda: not answers(emulator) or None, what="the emulator ends")


def test_a_campaign_that_was_cut_short_is_finished_by_the_next_run(
    deployed: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ctrl-C in the middle: what was begun is finished, the rest is sent later, all of it once."""
    environment = {
        "AWS_ENDPOINT_URL": deployed.endpoint_url,
        "AWS_REGION": deployed.settings.aws_region,
        "EMULATOR_ACCESS_KEY": deployed.account,
        "SES_BULK": "true",
    }
    # So slow that most are left, whoever stalls meanwhile; not so slow that chunks are put back.
    with running(tmp_path_factory.mktemp("first"), SEND_RATE="40", **environment) as runner:
        answer = runner.client.post("/v1/campaigns", json=FLASH_SALE)
        campaign_id = CampaignId(answer.json()["campaign_id"])
        wait_for(lambda: deployed.mails() or None, what="the first mails")
    mailed = deployed.mails().total()
    chunks = deployed.loaded_chunks(campaign_id)
    assert not any(chunk.sending for chunk in chunks)
    sent = sum(each.state is RecipientState.SENT for chunk in chunks for each in chunk.progress)
    assert 0 < sent == mailed < 1_000

    with running(tmp_path_factory.mktemp("second"), **environment) as runner:
        campaign = runner.sent(campaign_id)

    assert deployed.mails() == Counter(VIPS)
    assert campaign["counts"]["sent"] == 1_000
