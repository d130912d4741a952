"""Mails that come back for a passing reason: counted on the contact, and given up in the end."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.suppressions import MemorySuppressionRepository
from domain.chunk import Chunk
from domain.contact import Contact
from domain.errors import DependencyUnavailable
from domain.identifiers import CampaignId, ContactId, SegmentId
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState
from domain.soft_bounces import MOST_KEPT, SoftBounces
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
)
from domain.use_cases.read_contact import ReadContact
from tests.unit.sentinel import NOW, Sentinel

ADDRESS = "person-0@example.com"
DAY = timedelta(days=1)
SOFT, DELIVERED = ProviderEventKind.SOFT_BOUNCE, ProviderEventKind.DELIVERY


class Mailings:
    """One person, who is mailed again and again."""

    def __init__(self, sentinel: Sentinel) -> None:
        """Not yet."""
        self.sentinel = sentinel
        self.template = sentinel.add_template()
        self.segment: SegmentId = sentinel.add_segment([{"name": "Ann"}])

    def send(self) -> CampaignId:
        """One campaign, all of it."""
        campaign_id = self.sentinel.create_of(self.template, self.segment)
        self.sentinel.run_starts()
        self.sentinel.run_workers()
        return campaign_id

    def event(self, campaign_id: CampaignId, kind: ProviderEventKind) -> ProviderEvent:
        """About that mail, now."""
        (chunk,) = [
            each for each in self.sentinel.stored_chunks() if each.ref.campaign_id == campaign_id
        ]
        return ProviderEvent(
            kind=kind,
            chunk=chunk.ref,
            position=0,
            message_id="m-told",
            at=self.sentinel.clock.now(),
            addresses=(ADDRESS,),
        )

    def tell(self, *events: ProviderEvent) -> None:
        """A message each, and they are dealt with."""
        for each in events:
            self.sentinel.provider_events.tell(each)
        self.sentinel.run_events()

    def bounce(self, mails: int, apart: timedelta = 2 * DAY) -> None:
        """So many in a row, the last a while ago."""
        for _ in range(mails):
            self.tell(self.event(self.send(), SOFT))
            self.sentinel.clock.sleep(apart)

    @property
    def contact(self) -> Contact:
        """As stored."""
        found = self.sentinel.contacts.find(ADDRESS)
        assert found is not None
        return found

    @property
    def count(self) -> int:
        """In a row."""
        return self.contact.soft_bounces.count

    @property
    def reason(self) -> SuppressionReason | None:
        """Why the address is suppressed."""
        entry = self.sentinel.suppressions.entry(ADDRESS)
        return None if entry is None else entry.reason


@pytest.fixture
def mailings(sentinel: Sentinel) -> Mailings:
    """Nothing was sent."""
    return Mailings(sentinel)


def test_an_address_is_given_up_after_so_many_in_a_row(mailings: Mailings) -> None:
    """Five over a week: all mail is held back, and the person is shown as bounced."""
    mailings.bounce(4)
    assert (mailings.count, mailings.reason) == (4, None)

    mailings.bounce(1)

    entry = mailings.sentinel.suppressions.entry(ADDRESS)
    assert entry is not None
    assert (entry.reason, entry.scope) == (SuppressionReason.SOFT_BOUNCES, SuppressionScope.ALL)
    assert entry.since == NOW + 8 * DAY
    read = ReadContact(
        contacts=mailings.sentinel.contacts, suppressions=mailings.sentinel.suppressions
    )
    assert read(mailings.contact.contact_id)[1] == "bounced"
    mailings.send()
    assert mailings.sentinel.recipient_states()[ADDRESS] is RecipientState.SUPPRESSED


def test_a_campaign_that_was_fanned_out_before_honours_it(mailings: Mailings) -> None:
    """As it does a hard bounce."""
    mailings.bounce(4)
    last = mailings.send()
    mailings.sentinel.create_of(mailings.template, mailings.segment)
    mailings.sentinel.run_starts()

    mailings.tell(mailings.event(last, SOFT))
    mailings.sentinel.run_workers()

    assert len(mailings.sentinel.mailer.outbox) == 5


def test_a_full_mailbox_over_a_few_days_is_not_given_up(mailings: Mailings) -> None:
    """However many mails: a week has to pass between the first and the last."""
    mailings.bounce(12, apart=DAY / 2)
    assert (mailings.count, mailings.reason) == (12, None)

    mailings.bounce(3, apart=DAY / 2)

    assert mailings.reason is SuppressionReason.SOFT_BOUNCES


def test_a_delivery_ends_the_row(mailings: Mailings) -> None:
    """The mailbox works again."""
    mailings.bounce(4)

    mailings.tell(mailings.event(mailings.send(), DELIVERED))
    mailings.bounce(4)

    assert (mailings.count, mailings.reason) == (4, None)


@pytest.mark.parametrize("order", [(SOFT, DELIVERED), (DELIVERED, SOFT)])
@pytest.mark.parametrize("apart", [True, False])
def test_what_answers_a_delivered_mail_is_no_bounce(
    mailings: Mailings, order: Sequence[ProviderEventKind], *, apart: bool
) -> None:
    """Somebody is on holiday; whichever is told first, in one batch or in two."""
    campaign_id = mailings.send()
    events = [mailings.event(campaign_id, kind) for kind in order]

    for batch in [[each] for each in events] if apart else [events]:
        mailings.tell(*batch)

    assert mailings.count == 0


def test_told_again_it_counts_once(mailings: Mailings) -> None:
    """In one batch, or later: then nothing is written."""
    event = mailings.event(mailings.send(), SOFT)

    mailings.tell(event, event)
    before = mailings.contact
    mailings.tell(event)

    assert mailings.count == 1
    assert mailings.contact == before


class ForgetfulChunks(MemoryChunkRepository):
    """The process dies before the flag is written."""

    dies = True

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Once."""
        if self.dies:
            raise DependencyUnavailable("PutItem: no answer")
        return super().save(chunk, before)


@pytest.mark.parametrize("mails", [0, 4])
def test_a_crash_between_the_count_and_the_flag_counts_once(mailings: Mailings, mails: int) -> None:
    """The message comes again, and the contact knows that it was counted, or given up."""
    mailings.bounce(mails)
    event = mailings.event(mailings.send(), SOFT)
    chunks = ForgetfulChunks(mailings.sentinel.database)
    mailings.sentinel.chunks = chunks
    mailings.sentinel.provider_events.tell(event)
    deliveries = mailings.sentinel.provider_events.receive(10, timedelta())

    assert mailings.sentinel.record_provider_events(deliveries) == []
    assert mailings.count == mails + 1
    chunks.dies = False
    assert mailings.sentinel.record_provider_events(deliveries) == list(deliveries)

    assert mailings.count == mails + 1
    assert (mailings.reason is not None) == (mails == 4)


class UnansweringSuppressions(MemorySuppressionRepository):
    """The process dies before the address is on the list."""

    dies = True

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """Once."""
        if self.dies:
            self.dies = False
            raise DependencyUnavailable("PutItem: no answer")
        return super().add(suppression)


def test_a_crash_between_the_count_and_the_list_gives_up_all_the_same(mailings: Mailings) -> None:
    """The message comes again, and the contact says that it is due."""
    mailings.bounce(4)
    mailings.sentinel.suppressions = UnansweringSuppressions(mailings.sentinel.database)
    mailings.sentinel.provider_events.tell(mailings.event(mailings.send(), SOFT))
    deliveries = mailings.sentinel.provider_events.receive(10, timedelta())

    assert mailings.sentinel.record_provider_events(deliveries) == []
    assert (mailings.count, mailings.reason) == (5, None)
    assert mailings.sentinel.record_provider_events(deliveries) == list(deliveries)

    assert (mailings.count, mailings.reason) == (5, SuppressionReason.SOFT_BOUNCES)


def test_those_of_over_a_month_ago_count_no_longer(mailings: Mailings) -> None:
    """Where SES is not asked to tell of deliveries, nothing else ends a row."""
    mailings.bounce(12, apart=8 * DAY)

    assert (mailings.count, mailings.reason) == (4, None)


def test_without_a_limit_they_are_counted_only(mailings: Mailings) -> None:
    """The operator looks after it."""
    mailings.sentinel.soft_bounce_limit = 0

    mailings.bounce(9)

    assert (mailings.count, mailings.reason) == (9, None)


def test_who_is_erased_is_not_counted(mailings: Mailings) -> None:
    """Nothing is made of the event, and it is dealt with."""
    event = mailings.event(mailings.send(), SOFT)
    mailings.sentinel.contacts.begin_erasure(mailings.contact.contact_id, NOW)

    mailings.tell(event)

    assert mailings.sentinel.contacts.find(ADDRESS) is None
    assert mailings.reason is None


def test_an_edit_meanwhile_is_not_lost(mailings: Mailings) -> None:
    """Both are in the contact afterwards."""
    sentinel = mailings.sentinel
    event = mailings.event(mailings.send(), SOFT)
    get = sentinel.contacts.get
    stale = mailings.contact
    sentinel.contacts.save(mailings.contact.with_fields({"name": "Anna"}))
    answers = [(stale,)]

    def first_stale(contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        return answers.pop() if answers else get(contact_ids)

    sentinel.contacts.get = first_stale  # type: ignore[method-assign]  # what somebody read before
    mailings.tell(event)
    sentinel.contacts.get = get  # type: ignore[method-assign]  # as it was

    assert mailings.contact.fields == {"name": "Anna"}
    assert mailings.count == 1


@given(hours=st.lists(st.integers(0, 2_000), max_size=60))
def test_what_is_kept_is_bounded_and_in_order(hours: list[int]) -> None:
    """In any order told: the first and the newest of a month."""
    counted = SoftBounces()
    for number, hour in enumerate(hours):
        counted = counted.bounced(CampaignId(f"cmp_{number}"), NOW + timedelta(hours=hour))

    times = [at for _, at in counted.mails]
    assert times == sorted(times)
    assert counted.count <= MOST_KEPT
    if hours:
        assert counted.last_at == NOW + timedelta(hours=max(hours))


def test_somebody_who_is_mailed_often_is_given_up_too() -> None:
    """Though not every mail is kept: the first one is, by which a week is measured."""
    counted = SoftBounces()
    for number in range(8 * 6):
        counted = counted.bounced(CampaignId(f"cmp_{number}"), NOW + number * DAY / 6)

    assert counted.count == MOST_KEPT
    assert counted.given_up_at(5) == counted.last_at
