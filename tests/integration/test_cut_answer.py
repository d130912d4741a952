"""An answer of SES that is cut off on its way: nobody knows, so nobody is mailed again."""

from datetime import UTC, datetime, timedelta

import pytest
from dependency_injector import providers

from adapters.aws.mailer import SesMailer
from domain.campaign import CampaignState
from domain.tally import Tally
from tests.contracts.settable_clock import SettableClock
from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.deployed import Deployed, everyone


@pytest.mark.parametrize("answered", [0, 60, 150], ids=["all", "the headers", "the body"])
@pytest.mark.parametrize(
    ("bulk", "size"), [(False, 1), (True, 3)], ids=["a single send", "a bulk send"]
)
def test_a_mail_whose_answer_was_cut_is_unknown_and_not_repeated(
    deployed: Deployed, *, bulk: bool, size: int, answered: int
) -> None:
    """SES has one mail for each, asked for once; the counts say that nobody knows."""
    clock = SettableClock(datetime.now(UTC))
    family = deployed.family
    family.clock.override(providers.Object(clock))
    deployed.add_people(size)
    campaign_id = deployed.create()
    deployed.run_starts()

    with cutting_proxy(deployed.endpoint_url, answered) as proxy:
        sender = deployed.settings.sender
        mailer = SesMailer(deployed.clients(proxy.url), sender, bulk, clock)
        family.mailer.override(providers.Object(mailer))
        for _ in range(3):
            deployed.run_workers()
            clock.sleep(timedelta(hours=1))
            deployed.container.reconcile()()
            deployed.run_starts()

    assert len(proxy.requests) == 1
    assert deployed.mails() == everyone(size)
    assert deployed.progress(campaign_id).tally == Tally(unknown=size, finished_chunks=1)
    assert deployed.campaign(campaign_id).state is CampaignState.SENT
