"""Bulk sends to an SES that renders them and tells of them: the whole way of a mail, and back."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Emulator
from tests.integration.deployed import Deployed, address_of, everyone
from tests.integration.runner import SHORT_TIMES, Runner, running
from tests.integration.service_proxy import service_proxy
from tests.integration.ses_stand_in import MISSING, SesStandIn, is_there, ses_stand_in
from tests.integration.waiting import wait_for

pytestmark = [pytest.mark.prove, pytest.mark.skipif(not is_there(), reason=MISSING)]

PEOPLE = 120


@dataclass(frozen=True)
class BesideSes:
    """A local runner, and SES where it finds it."""

    deployed: Deployed
    ses: SesStandIn
    runner: Runner

    def sent(self) -> str:
        """A campaign for everyone, once it is sent."""
        answer = self.runner.client.post("/v1/campaigns", json=self.deployed.body)
        campaign_id: str = answer.json()["campaign_id"]
        self.runner.sent(campaign_id)
        return campaign_id

    def counts(self, campaign_id: str, **expected: int) -> None:
        """Wait until the campaign counts so many, and nobody else."""

        def look() -> bool | None:
            counts = self.runner.campaign(campaign_id)["counts"]
            found = {name: count for name, count in counts.items() if count}
            return found == {"recipients": PEOPLE, **expected} or None

        wait_for(look, what=f"{campaign_id} counts {expected}")


@pytest.fixture
def beside(
    emulator: Emulator, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[BesideSes]:
    """With bulk sends, as on AWS, where the test does not say otherwise."""
    deployed = Deployed(emulator)
    deployed.add_people(PEOPLE)
    with ExitStack() as stack:
        ses = stack.enter_context(ses_stand_in(deployed, tmp_path))
        proxy = stack.enter_context(service_proxy(emulator.endpoint_url, ses))
        environment = {**deployed.environment(proxy.url), **SHORT_TIMES}
        environment["SES_BULK"] = getattr(request, "param", "true")
        yield BesideSes(deployed, ses, stack.enter_context(running(tmp_path, **environment)))


@pytest.mark.parametrize(
    "beside", ["true", "false"], indirect=True, ids=["a bulk send", "a single send"]
)
def test_a_mail_whose_answer_was_cut_is_sent_once_ses_tells_of_it(beside: BesideSes) -> None:
    """Until then its outcome is unknown; it is not mailed again, before or after."""
    beside.ses.cut_call = 2

    campaign_id = beside.sent()

    listed = beside.runner.recipients(campaign_id, "unknown")
    assert listed
    assert {each["address"] for each in listed} == set(beside.ses.cut)
    beside.counts(campaign_id, sent=PEOPLE - len(listed), unknown=len(listed))

    beside.ses.tell()

    beside.counts(campaign_id, sent=PEOPLE, delivered=PEOPLE)
    assert beside.runner.recipients(campaign_id, "unknown") == []
    assert Counter(to for mail in beside.ses.mails() for to in _to(mail)) == everyone(PEOPLE)


def test_everybody_gets_their_own_mail(beside: BesideSes) -> None:
    """Rendered by Sentinel, and handed through by SES's template as it is."""
    campaign_id = beside.sent()

    expected = {
        address_of(number): (f"Hi N{number}", f"<p>Hi N{number}</p>", f"Hi N{number}")
        for number in range(PEOPLE)
    }
    found = {
        # After the first line comes what every marketing mail owes its reader.
        to: (mail["subject"], mail["body"]["html"], mail["body"]["text"].splitlines()[0])
        for mail in beside.ses.mails()
        for to in _to(mail)
    }
    assert found == expected
    references = [
        header["value"]
        for mail in beside.ses.mails()
        for header in mail["headers"]
        if header["name"] == "X-Sentinel-Ref"
    ]
    assert len(set(references)) == PEOPLE
    assert all(reference.startswith(f"{campaign_id}/") for reference in references)


def test_who_bounced_or_complained_is_not_mailed_again(beside: BesideSes) -> None:
    """The next campaign passes them over."""
    bounced, complained = address_of(3), address_of(77)
    beside.ses.outcomes = {bounced: "Bounce", complained: "Complaint"}
    first = beside.sent()
    beside.ses.tell()
    beside.counts(first, sent=PEOPLE, delivered=PEOPLE - 2, bounced=1, complained=1)

    second = beside.sent()

    beside.counts(second, sent=PEOPLE - 2, suppressed=2)
    mails = Counter(to for mail in beside.ses.mails() for to in _to(mail))
    assert mails == everyone(PEOPLE, times=2) - Counter([bounced, complained])


def _to(mail: dict[str, dict[str, list[str]]]) -> list[str]:
    return mail["destination"]["to"]
