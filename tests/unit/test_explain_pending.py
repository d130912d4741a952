"""Why a campaign that is under way does not get on, as whoever reads it is told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from adapters.memory.mailer import MemoryMailer
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome
from tests.unit.sentinel import Sentinel

DOWN = "no connection to the SMTP server: ConnectionRefusedError"


class MailerThatAnswers(MemoryMailer):
    """The same of each mail."""

    outcome: Outcome = NotSent(DOWN)

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:  # noqa: ARG002  the port's
        """For nobody a mail."""
        return [self.outcome] * len(messages)


@pytest.fixture
def down(sentinel: Sentinel) -> Sentinel:
    """Its mail server is."""
    sentinel.mailer = MailerThatAnswers(sentinel.clock)
    return sentinel


def explained(sentinel: Sentinel, campaign_id: CampaignId) -> str | None:
    """Of the campaign as it is read."""
    return sentinel.explain_pending(*sentinel.read_campaign(campaign_id))


def answered(sentinel: Sentinel, outcome: Outcome) -> CampaignId:
    """A campaign for one, once tried."""
    mailer = MailerThatAnswers(sentinel.clock)
    mailer.outcome = outcome
    sentinel.mailer = mailer
    campaign_id = sentinel.create(1)
    sentinel.run_starts()
    sentinel.send_chunk(sentinel.stored_chunks()[0].ref)
    return campaign_id


def test_what_the_mail_server_does_is_told(down: Sentinel) -> None:
    """Once somebody was tried, and until somebody was mailed."""
    campaign_id = down.create(60)
    down.run_starts()
    assert explained(down, campaign_id) is None

    for chunk in down.stored_chunks():
        down.send_chunk(chunk.ref)
    assert explained(down, campaign_id) == DOWN

    down.mailer = MemoryMailer(down.clock)
    for chunk in down.stored_chunks():
        down.send_chunk(chunk.ref)
    assert explained(down, campaign_id) is None


def test_where_most_of_a_campaign_is_sent_the_rest_tells(sentinel: Sentinel) -> None:
    """However many chunks are finished; those that are left are towards the end."""
    sentinel.chunk_size = 1
    campaign_id = sentinel.create(100)
    sentinel.run_starts()
    *sent, left, last = sentinel.stored_chunks()
    for chunk in (*sent, last):
        sentinel.send_chunk(chunk.ref)
    assert explained(sentinel, campaign_id) is None

    sentinel.mailer = MailerThatAnswers(sentinel.clock)
    sentinel.send_chunk(left.ref)

    assert explained(sentinel, campaign_id) == DOWN


def test_what_stopped_a_paused_campaign_is_told(sentinel: Sentinel) -> None:
    """`account` alone does not say whether a password is wrong, or a certificate."""
    reason = "the SMTP server does not offer STARTTLS"
    campaign_id = answered(sentinel, AccountBlocked(reason))

    assert sentinel.campaign(campaign_id).state is CampaignState.PAUSED
    assert explained(sentinel, campaign_id) == reason


@pytest.mark.parametrize("stopped_at", [0, 101])
def test_what_stopped_a_large_campaign_is_told(sentinel: Sentinel, stopped_at: int) -> None:
    """Wherever that was, also where nobody after that was tried; until somebody resumes it."""
    reason = "535 5.7.8: the credentials of SMTP_URL were refused"
    mailer = MailerThatAnswers(sentinel.clock)
    mailer.outcome = AccountBlocked(reason)
    sentinel.mailer = mailer
    sentinel.chunk_size = 1
    campaign_id = sentinel.create(200)
    sentinel.run_starts()
    sentinel.send_chunk(sentinel.stored_chunks()[stopped_at].ref)

    assert explained(sentinel, campaign_id) == reason

    sentinel.resume_campaign(campaign_id)
    assert explained(sentinel, campaign_id) is None


def test_a_grant_that_ran_out_is_no_reason(sentinel: Sentinel) -> None:
    """It is everyday, and who is left is tried again at once."""
    campaign_id = answered(sentinel, NotSent("took too long", overdue=True))

    assert explained(sentinel, campaign_id) is None


def test_a_large_campaign_is_looked_at_in_a_few_places(
    down: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches it asks again and again."""
    down.chunk_size = 1
    campaign_id = down.create(200)
    down.run_starts()
    looked_at: list[int] = []
    load_all = down.chunks.load_all

    def watched(refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        looked_at.extend(ref.number for ref in refs)
        return load_all(refs)

    monkeypatch.setattr(down.chunks, "load_all", watched)

    explained(down, campaign_id)

    assert looked_at == [199, 198, 196, 192, 184, 168, 136, 72]
