"""Who got a campaign's mail, who did not, and why: page by page, or one of them."""

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.errors import InvalidInput, NotFound
from domain.identifiers import CampaignId, ContactId
from domain.outcome import Refused, Unknown
from domain.recipient import RecipientState
from domain.use_cases.list_recipients import MAX_CHUNKS_A_PAGE
from tests.contracts.examples import MADE_UP_CURSORS
from tests.unit.faults import AnsweringMailer
from tests.unit.sentinel import MINUTE, Sentinel, addresses

REFUSED = "person-0@example.com"
CUT = "person-1@example.com"


class CountingChunks(MemoryChunkRepository):
    """Counts what is loaded."""

    loads = 0

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Counted."""
        self.loads += 1
        return super().load(ref)


def sent(sentinel: Sentinel, size: int, chunk_size: int = 2, ranges: int = 1) -> CampaignId:
    """A campaign in so small chunks; one recipient refused, one unknown."""
    sentinel.chunk_size, sentinel.fan_out_ranges = chunk_size, ranges
    campaign_id = sentinel.create_started(size)
    sentinel.mailer = AnsweringMailer(
        sentinel.clock, {REFUSED: [Refused("no such mailbox")], CUT: [Unknown("cut")]}
    )
    sentinel.run()
    return campaign_id


def listed(pages: list[list[str]]) -> list[str]:
    """On all of them."""
    return [address for page in pages for address in page]


def pages(
    sentinel: Sentinel,
    campaign_id: CampaignId,
    limit: int,
    state: RecipientState | None = None,
    contact_id: ContactId | None = None,
) -> list[list[str]]:
    """Addresses on each page, cursor after cursor."""
    found: list[list[str]] = []
    cursor = None
    while not found or cursor is not None:
        page = sentinel.list_recipients(
            campaign_id, state=state, contact_id=contact_id, limit=limit, cursor=cursor
        )
        found.append([recipient.address for recipient, _ in page.lines])
        cursor = page.cursor
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 11, 12, 100])
@pytest.mark.parametrize("ranges", [1, 3])
def test_everybody_is_on_one_page(sentinel: Sentinel, limit: int, ranges: int) -> None:
    """Once, however the pages lie over the chunks; none is too long, none follows for nothing."""
    campaign_id = sent(sentinel, 11, ranges=ranges)

    found = pages(sentinel, campaign_id, limit)

    assert sorted(listed(found)) == addresses(11)
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert 0 < len(found[-1]) <= limit


def test_why_somebody_did_not_get_it(sentinel: Sentinel) -> None:
    """State and reason, and the provider's id of what it took."""
    campaign_id = sent(sentinel, 3)

    lines = {
        recipient.address: (progress.state, progress.reason, progress.message_id)
        for recipient, progress in sentinel.list_recipients(campaign_id).lines
    }

    assert lines == {
        REFUSED: (RecipientState.FAILED, "no such mailbox", None),
        CUT: (RecipientState.UNKNOWN, "cut", None),
        "person-2@example.com": (RecipientState.SENT, None, "memory-0"),
    }


def test_only_those_in_a_state(sentinel: Sentinel) -> None:
    """Over all chunks."""
    campaign_id = sent(sentinel, 11)
    assert listed(pages(sentinel, campaign_id, 1, RecipientState.UNKNOWN)) == [CUT]
    assert len(listed(pages(sentinel, campaign_id, 4, RecipientState.SENT))) == 9


def test_a_page_reads_so_much_and_no_more(sentinel: Sentinel) -> None:
    """A large campaign in which nobody is found is gone through page by empty page."""
    campaign_id = sent(sentinel, 2 * MAX_CHUNKS_A_PAGE + 1, chunk_size=1)
    sentinel.chunks = chunks = CountingChunks(sentinel.database)

    page = sentinel.list_recipients(campaign_id, state=RecipientState.SKIPPED)

    assert (page.lines, chunks.loads) == ((), MAX_CHUNKS_A_PAGE)
    assert page.cursor is not None
    assert pages(sentinel, campaign_id, 50, RecipientState.SKIPPED) == [[], [], []]


def test_a_full_page_reads_on_no_further(sentinel: Sentinel) -> None:
    """What the next page begins with is left to it."""
    campaign_id = sent(sentinel, 9, chunk_size=1)
    sentinel.chunks = chunks = CountingChunks(sentinel.database)
    assert len(sentinel.list_recipients(campaign_id, limit=3).lines) == chunks.loads == 3


@pytest.mark.parametrize("ranges", [1, 3])
def test_one_of_a_large_campaign(sentinel: Sentinel, ranges: int) -> None:
    """Each is found at once, in the few chunks that lead there."""
    size = 64
    campaign_id = sent(sentinel, size, chunk_size=1, ranges=ranges)
    for address in addresses(size):
        contact_id = sentinel.database.contacts_by_address[address]
        sentinel.chunks = chunks = CountingChunks(sentinel.database)
        assert pages(sentinel, campaign_id, 50, contact_id=contact_id) == [[address]]
        assert chunks.loads <= 7


def test_one_in_another_state(sentinel: Sentinel) -> None:
    """Both are asked for: nobody."""
    campaign_id = sent(sentinel, 3)
    contact_id = sentinel.database.contacts_by_address[CUT]
    assert pages(sentinel, campaign_id, 50, RecipientState.SENT, contact_id) == [[]]


def test_one_who_is_no_recipient(sentinel: Sentinel) -> None:
    """Nobody, and no error."""
    campaign_id = sent(sentinel, 11)
    for number in range(20):
        contact_id = ContactId(f"con_{number}")
        assert pages(sentinel, campaign_id, 50, contact_id=contact_id) == [[]]


def test_some_chunks_are_no_longer_kept(sentinel: Sentinel) -> None:
    """Their recipients are missing, all others are listed and found."""
    campaign_id = sent(sentinel, 11)
    chunks = sentinel.stored_chunks()
    gone = {each.address for number in (0, 2, 5) for each in chunks[number].recipients}
    for number in (0, 2, 5):
        del sentinel.database.chunks[chunks[number].ref]
    kept = [each for each in addresses(11) if each not in gone]

    assert sorted(listed(pages(sentinel, campaign_id, 3))) == kept
    for address, contact_id in sentinel.database.contacts_by_address.items():
        found = listed(pages(sentinel, campaign_id, 50, contact_id=contact_id))
        assert found == ([address] if address in kept else [])


def test_before_its_fan_out(sentinel: Sentinel) -> None:
    """Nobody is a recipient yet."""
    campaign_id = sentinel.create(3, sentinel.clock.now() + 60 * MINUTE)
    assert pages(sentinel, campaign_id, 50) == [[]]


def test_no_such_campaign(sentinel: Sentinel) -> None:
    """Not found."""
    with pytest.raises(NotFound):
        sentinel.list_recipients(CampaignId("cmp_x"))


@pytest.mark.parametrize("cursor", [*MADE_UP_CURSORS, "MC4wLi0x"])
def test_a_made_up_cursor(sentinel: Sentinel, cursor: str) -> None:
    """Refused by name."""
    campaign_id = sent(sentinel, 3)
    with pytest.raises(InvalidInput) as refused:
        sentinel.list_recipients(campaign_id, cursor=cursor)
    assert refused.value.field == "cursor"
