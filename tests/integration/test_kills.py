"""The local runner killed again and again: nobody lost, nobody mailed twice, doubt is shown."""

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from domain.campaign import CampaignState
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId
from domain.recipient import RecipientState
from entrypoints.local.emulator import running_ministack
from tests.conftest import REGION, Emulator
from tests.integration.deployed import Deployed, everyone
from tests.integration.reckoning import Reckoning, reckoned, settled
from tests.integration.runner import SHORT_TIMES, Runner, running, start
from tests.integration.service_proxy import (
    Answer,
    Forward,
    Request,
    ServiceProxy,
    none,
    service_proxy,
)
from tests.integration.test_runner_ends import FLASH_SALE
from tests.integration.waiting import PATIENCE, wait_for

ANY = "any"
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Moment:
    """At the so-manieth call of an operation in a life: before it is carried out, or after.

    Or when so many seconds have passed since it was born, if those come first.
    """

    operation: str
    number: int
    carried_out: bool
    seconds: float = 180

    def __str__(self) -> str:
        """For people."""
        return f"{'after' if self.carried_out else 'before'} {self.operation}"


@dataclass
class Killer:
    """A fault of the proxy: at its moment it kills the process, and hangs up."""

    moment: Moment
    process: "subprocess.Popen[bytes] | None" = None
    struck: threading.Event = field(default_factory=threading.Event)
    calls: list[str | None] = field(default_factory=list)
    """By the id that the SDK gives each: one that it repeats, for want of an answer, is one."""
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        """What is under way when it strikes is carried out, as on any network."""
        if not self._is_it(request):
            return forward(request)
        if self.moment.carried_out:
            forward(request)
        if self.process is not None:
            self.process.kill()
        self.struck.set()
        return None

    def _is_it(self, request: Request) -> bool:
        if self.moment.operation not in {request.operation, ANY}:
            return False
        call = request.headers.get("amz-sdk-invocation-id")
        with self._counting:
            if call is not None and call in self.calls:
                return False
            self.calls.append(call)
            return len(self.calls) == self.moment.number


@dataclass
class Stuck:
    """A fault of the proxy: none of these is carried out, but for the first `passed`.

    What has to be under way when its process is killed stays so, however long that takes.
    """

    operations: Collection[str]
    passed: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        """Its answer, or none."""
        if request.operation in self.operations:
            with self._counting:
                self.passed -= 1
                if self.passed < 0:
                    return None
        return forward(request)


@dataclass(frozen=True)
class Victim:
    """Runners on one deployment, each behind the same proxy, killed one after the other."""

    deployed: Deployed
    proxy: ServiceProxy
    directory: Path
    size: int
    fell: Counter[str] = field(default_factory=Counter)
    """How many kills fell where."""

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Of a runner that finds what the last one left."""
        return {**self.deployed.environment(self.proxy.url), **SHORT_TIMES, **settings}

    @contextmanager
    def alive(self, settings: Mapping[str, str]) -> Iterator[Runner]:
        """A runner that nobody kills, but the test."""
        self.proxy.fault = none
        with running(self.directory, **self.environment(settings)) as runner:
            yield runner

    def create(self, settings: Mapping[str, str], **body: str) -> CampaignId:
        """A campaign whose runner is killed as soon as it answered."""
        with self.alive(settings) as runner:
            # Its own is the first: the next would be its start's.
            self.proxy.fault = Stuck({"TransactWriteItems"}, passed=1)
            answer = runner.client.post("/v1/campaigns", json={**self.deployed.body, **body})
            runner.process.kill()
            runner.process.wait()
        assert answer.status_code == 202, answer.text
        self.fell["after the answer to the POST"] += 1
        return CampaignId(answer.json()["campaign_id"])

    def takes(self, moment: Moment) -> bool:
        """Whether a POST is answered by a runner that is killed at that moment of it."""
        with self.alive(NOTHING) as runner:
            self.proxy.fault = Killer(moment, runner.process)
            try:
                return self.ask(runner, str(moment)) is not None
            except httpx.TransportError:
                return False
            finally:
                runner.process.kill()
                runner.process.wait()

    def ask(self, runner: Runner, key: str) -> str | None:
        """The campaign that is asked for under that key, where it is answered."""
        answer = runner.client.post(
            "/v1/campaigns", json=self.deployed.body, headers={"Idempotency-Key": key}
        )
        return answer.json()["campaign_id"] if answer.is_success else None

    def live(self, campaign_id: CampaignId, moment: Moment, settings: Mapping[str, str]) -> bool:
        """One life; whether it was killed before it saw the campaign sent."""
        killer = Killer(moment)
        self.proxy.fault = killer
        environment = self.environment(settings)
        with start(subprocess.DEVNULL, self.directory / "log", environment) as process:
            killer.process = process
            if killer.struck.is_set():
                # It came before it could be told whom to kill.
                process.kill()
            struck = killer.struck.wait(moment.seconds)
            process.kill()
            process.wait()
        if self.deployed.campaign(campaign_id).state is not CampaignState.SENDING:
            return False
        phase = _phase(self.deployed.progress(campaign_id))
        self.fell[f"{phase}, {moment if struck else 'by the clock'}"] += 1
        return True


def _phase(progress: DeliveryProgress) -> str:
    if not progress.recipients:
        return "before the fan-out"
    if any(not each.is_complete for each in progress.ranges):
        return "in the fan-out"
    if any(each.has_work_left for each in progress.ranges):
        return "in the fan-out, at its last chunks"
    return "in sending"


@contextmanager
def victim(emulator: Emulator, directory: Path, size: int) -> Iterator[Victim]:
    """So many people, and a runner's place."""
    deployed = Deployed(emulator)
    deployed.add_people(size)
    deployed.redeliver_after(10)
    with service_proxy(emulator.endpoint_url) as proxy:
        yield Victim(deployed, proxy, directory, size)


def finish(
    victim: Victim,
    campaign_id: CampaignId,
    *,
    within: float = PATIENCE,
    at_most: int = 1,
    settings: Mapping[str, str] = NOTHING,
) -> Reckoning:
    """A runner that lives until SES has told of every mail: what became of everybody.

    Whoever is still unknown then was not mailed, and is listed.
    """
    with victim.alive({"SEND_RATE": "5000", **settings}) as runner:
        runner.sent(campaign_id, within)
        listed = settled(runner, victim.deployed, campaign_id, within)
    reckoning = reckoned(victim.deployed, campaign_id, victim.size, at_most)
    assert reckoning.those(RecipientState.UNKNOWN) == listed
    assert reckoning.those(RecipientState.SENT) == reckoning.mails.keys()
    return reckoning


KILLS = [
    Moment("TransactWriteItems", 2, carried_out=True),
    Moment("SendMessageBatch", 1, carried_out=False),
    Moment("SendEmail", 20, carried_out=True),
    Moment("SendEmail", 90, carried_out=False),
]


def test_a_runner_killed_in_fan_out_and_in_sending(emulator: Emulator, tmp_path: Path) -> None:
    """Right after the answer, with chunks made and not enqueued, with mails that nobody noted."""
    size = 300
    with victim(emulator, tmp_path, size) as killed:
        campaign_id = killed.create({"FAN_OUT_RANGES": "2"})
        for moment in KILLS:
            assert killed.live(campaign_id, moment, {"SES_BULK": "false"})
        reckoning = finish(killed, campaign_id)

    assert reckoning.those(RecipientState.UNKNOWN)
    assert killed.fell["in the fan-out, after TransactWriteItems"] == 1


def _moment(rng: random.Random, *, fanning_out: bool) -> tuple[Moment, dict[str, str]]:
    """When to kill, at random, and how the life before it sends: one by one, or fifty a call.

    A fan-out takes few calls: while it lasts, it is one of those.
    """
    bulk = rng.random() < 0.5
    sends = ("SendBulkEmail", 3) if bulk else ("SendEmail", 120)
    operation, most = rng.choice(
        [("TransactWriteItems", 4), ("SendMessageBatch", 2)]
        if fanning_out
        else [
            (ANY, 400),
            ("TransactWriteItems", 6),
            ("SendMessageBatch", 3),
            ("PutItem", 20),
            ("DeleteMessageBatch", 3),
            sends,
            sends,
        ]
    )
    moment = Moment(
        operation,
        rng.randint(1, most),
        carried_out=rng.random() < 0.5,
        seconds=rng.uniform(2, 10),
    )
    return moment, {"SES_BULK": str(bulk).lower(), "SEND_RATE": "60"}


def kill(
    victim: Victim, campaign_id: CampaignId, times: int, settings: Mapping[str, str] = NOTHING
) -> None:
    """Again and again, in lives that are too short to see the campaign sent.

    At most a third of the kills are aimed at the fan-out.
    """
    rng = random.Random(20_251_125)  # noqa: S311  the same in every run
    for _ in range(times):
        progress = victim.deployed.progress(campaign_id)
        fanning_out = any(each.has_work_left for each in progress.ranges)
        aimed = fanning_out and _fell_in(victim, "in the fan-out") < times // 3
        moment, how = _moment(rng, fanning_out=aimed)
        killed_in_time = victim.live(campaign_id, moment, {**how, **settings})
        assert killed_in_time, "sent before it was killed often enough"


@pytest.mark.prove
def test_a_runner_killed_fifty_times(tmp_path: Path) -> None:
    """A campaign of 5,000 recipients; most kills fall in sending, many in the fan-out."""
    size = 5_000
    with running_ministack() as endpoint_url:
        emulator = Emulator(endpoint_url, "", REGION)
        with victim(emulator, tmp_path, size) as killed:
            campaign_id = killed.create({"FAN_OUT_RANGES": "8"})
            kill(killed, campaign_id, 49)
            reckoning = finish(killed, campaign_id, within=900)

    print(  # noqa: T201  what make prove shows
        *(f"{times:5} killed {where}" for where, times in sorted(killed.fell.items())),
        f"{len(reckoning.those(RecipientState.UNKNOWN)):5} unknown, none of them mailed",
        sep="\n",
    )
    assert _fell_in(killed, "in the fan-out") >= 10
    assert _fell_in(killed, "in sending") >= 10


@pytest.mark.prove
def test_killed_again_and_again_under_resend(emulator: Emulator, tmp_path: Path) -> None:
    """Whom nobody knows of is mailed once more: everybody has a mail, and nobody three."""
    size = 1_500
    settling = {"SETTLING_WINDOW_SECONDS": "15"}
    with victim(emulator, tmp_path, size) as killed:
        campaign_id = killed.create(settling, unknown_policy="resend")
        kill(killed, campaign_id, 15, settling)
        reckoning = finish(killed, campaign_id, within=600, at_most=2, settings=settling)

    assert reckoning.mails.keys() == everyone(size).keys()
    twice = sum(number == 2 for number in reckoning.mails.values())
    print(f"{twice:5} of {size} have two mails")  # noqa: T201  likewise


@pytest.mark.prove
def test_a_runner_killed_while_it_takes_campaigns(emulator: Emulator, tmp_path: Path) -> None:
    """A POST that was not answered is sent again, under its key: one campaign, one mail each."""
    moments = [
        Moment(operation, 1, carried_out=carried_out)
        for operation in ("PutItem", "TransactWriteItems", "GetItem", "BatchGetItem")
        for carried_out in (False, True)
    ]
    with victim(emulator, tmp_path, size=10) as killed:
        unanswered = [str(moment) for moment in moments if not killed.takes(moment)]
        with killed.alive(NOTHING) as runner:
            campaign_ids = {
                wait_for(
                    lambda: killed.ask(runner, key),  # noqa: B023  called at once
                    what=f"the POST is answered that was cut {key}",
                )
                for key in map(str, moments)
            }
            for campaign_id in campaign_ids:
                runner.sent(campaign_id)
            campaigns = runner.client.get("/v1/campaigns", params={"limit": 100}).json()["items"]

    assert unanswered
    assert {each["campaign_id"] for each in campaigns} == campaign_ids
    assert len(campaigns) == len(moments)
    assert killed.deployed.mails() == everyone(10, times=len(moments))


@pytest.mark.prove
def test_a_runner_killed_while_it_deploys_and_loads_its_demo(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Again and again; the next one completes what is there, and sends."""
    rng = random.Random(1)  # noqa: S311  the same in every run
    environment = {
        "AWS_REGION": emulator.region,
        "EMULATOR_ACCESS_KEY": "300000000001",
        "SES_BULK": "true",
    }
    with service_proxy(emulator.endpoint_url) as proxy:
        environment["AWS_ENDPOINT_URL"] = proxy.url
        for _ in range(12):
            killer = Killer(Moment(ANY, rng.randint(1, 120), carried_out=rng.random() < 0.5))
            proxy.fault = killer
            with start(subprocess.DEVNULL, tmp_path / "log", environment) as process:
                killer.process = process
                assert killer.struck.wait(PATIENCE)
                process.kill()
                process.wait()
        proxy.fault = none
        with running(tmp_path, **environment) as runner:
            answer = runner.client.post("/v1/campaigns", json=FLASH_SALE)
            campaign = runner.sent(answer.json()["campaign_id"])

    assert (campaign["counts"]["sent"], campaign["counts"]["recipients"]) == (1_000, 1_000)


def _fell_in(killed: Victim, phase: str) -> int:
    return sum(times for where, times in killed.fell.items() if where.startswith(phase))
