"""What became of everybody: by the records, by what people see, and by the emulator's outbox."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.recipient import RecipientState
from tests.integration.deployed import Deployed, everyone
from tests.integration.runner import Runner
from tests.integration.waiting import PATIENCE, wait_for


@dataclass(frozen=True)
class Reckoning:
    """`states` has everybody whom a chunk holds; `mails` is how many mails each address has."""

    states: Mapping[str, RecipientState]
    mails: Mapping[str, int]

    def those(self, state: RecipientState) -> frozenset[str]:
        """Everybody in that state."""
        return frozenset(address for address, each in self.states.items() if each is state)


def settled(
    runner: Runner, deployed: Deployed, campaign_id: CampaignId, within: float = PATIENCE
) -> frozenset[str]:
    """Whom a sent campaign lists as unknown, once SES has told of every mail: nobody mailed."""

    def look() -> frozenset[str] | None:
        listed = {each["address"] for each in runner.recipients(campaign_id, "unknown")}
        # Asked for each time: a call that nobody waited for any more may be taken late.
        return None if listed & deployed.mails().keys() else frozenset(listed)

    return wait_for(look, within=within, what="SES told of every mail")


def reckoned(deployed: Deployed, campaign_id: CampaignId, size: int, at_most: int = 1) -> Reckoning:
    """What is promised was kept of a sent campaign for so many people, whatever happened.

    Nobody lost, nobody mailed more than `at_most` times; `sent` was mailed, and nobody was who is
    not `sent` or shown as `unknown`; the counts are those of the recipients.
    """
    assert deployed.campaign(campaign_id).state is CampaignState.SENT
    chunks = deployed.loaded_chunks(campaign_id)
    recipients = [
        (recipient.address, progress.state)
        for chunk in chunks
        for recipient, progress in zip(chunk.recipients, chunk.progress, strict=True)
    ]
    reckoning = Reckoning(dict(recipients), deployed.mails())
    sent, unknown = reckoning.those(RecipientState.SENT), reckoning.those(RecipientState.UNKNOWN)

    assert sorted(address for address, _ in recipients) == sorted(everyone(size)), "somebody lost"
    assert not {to: n for to, n in reckoning.mails.items() if n > at_most}, "mailed too often"
    assert sent <= reckoning.mails.keys(), "sent, and without a mail"
    assert reckoning.mails.keys() <= sent | unknown, "mailed, and not shown"

    by_state = Counter(state for _, state in recipients)
    progress = deployed.progress(campaign_id)
    assert (progress.recipients, progress.pending) == (size, 0)
    tally = progress.tally
    assert tally.finished_chunks == len(chunks)
    assert by_state == +Counter(
        {
            RecipientState.SENT: tally.sent,
            RecipientState.FAILED: tally.failed,
            RecipientState.UNKNOWN: tally.unknown,
            RecipientState.SUPPRESSED: tally.suppressed,
            RecipientState.SKIPPED: tally.skipped,
        }
    ), "counts that do not add up"
    return reckoning
