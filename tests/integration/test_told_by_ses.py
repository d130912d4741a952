"""What SES tells settles what its answer did not, and stops campaigns that are under way."""

from datetime import UTC, datetime

import pytest
from dependency_injector import providers

from adapters.aws.mailer import SesMailer
from domain.campaign import CampaignState
from domain.message import Message
from domain.recipient import RecipientState
from domain.tally import Tally
from tests.contracts.ses_examples import mail, published
from tests.contracts.settable_clock import SettableClock
from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.deployed import Deployed, address_of, everyone


@pytest.mark.parametrize(
    ("bulk", "size"), [(False, 1), (True, 3)], ids=["a single send", "a bulk send"]
)
def test_a_mail_whose_answer_was_cut_is_sent_once_ses_tells_of_it(
    deployed: Deployed, *, bulk: bool, size: int
) -> None:
    """Nobody knows of it until then, and nobody mails it again: its address has one mail."""
    deployed.add_people(size)
    campaign_id = deployed.create()
    deployed.run_starts()
    with cutting_proxy(deployed.endpoint_url) as proxy:
        mailer = SesMailer(
            deployed.clients(proxy.url),
            deployed.settings.sender,
            bulk,
            SettableClock(datetime.now(UTC)),
            deployed.settings.configuration_set,
        )
        deployed.family.mailer.override(providers.Object(mailer))
        deployed.run_workers()
    assert deployed.progress(campaign_id).tally == Tally(unknown=size, finished_chunks=1)

    deployed.run_events(size)

    assert deployed.progress(campaign_id).tally == Tally(sent=size, finished_chunks=1)
    assert deployed.campaign(campaign_id).state is CampaignState.SENT
    assert deployed.mails() == everyone(size)


def test_who_complained_is_not_mailed_by_a_campaign_that_was_fanned_out_before(
    deployed: Deployed,
) -> None:
    """Its chunks wait on the queue when the complaint about another campaign comes."""
    deployed.add_people(60)
    first = deployed.create()
    deployed.run_starts()
    deployed.run_workers()
    second = deployed.create()
    deployed.run_starts()
    whole = next(
        Message(chunk.ref, position, recipient.address, "", "", "")
        for chunk in deployed.loaded_chunks(first)
        for position, recipient in enumerate(chunk.recipients)
        if recipient.address == address_of(7)
    )

    deployed.publish(
        {
            **published("Complaint"),
            "mail": mail(
                destination=[whole.to],
                headers=[{"name": "X-Sentinel-Ref", "value": whole.reference}],
            ),
        }
    )
    deployed.run_events(60 + 1)
    deployed.run_workers()

    assert deployed.mails() == everyone(60, times=2) - everyone(8) + everyone(7)
    states = {
        recipient.address: progress.state
        for chunk in deployed.loaded_chunks(second)
        for recipient, progress in zip(chunk.recipients, chunk.progress, strict=True)
    }
    assert [to for to, state in states.items() if state is not RecipientState.SENT] == [whole.to]
    assert states[whole.to] is RecipientState.SUPPRESSED
