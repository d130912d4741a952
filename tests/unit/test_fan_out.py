"""Which part of a segment has become chunks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chunk import ChunkRef
from domain.fan_out import DeliveryProgress, FanOutRange, new_ranges
from domain.identifiers import CampaignId, ContactId, LeaseToken
from domain.key_space import key_space_bounds, member_key
from domain.tally import Tally
from tests.unit.sentinel import MINUTE, NOW

CAMPAIGN = CampaignId("cmp_1")


def only_range() -> FanOutRange:
    """The whole segment in one."""
    (whole,) = new_ranges(CAMPAIGN, 1)
    return whole


def advanced(held: FanOutRange, chunks: int, cursor: str | None) -> FanOutRange:
    """Some full chunks more."""
    return held.advance(
        cursor=cursor, chunks=chunks, recipients=50 * chunks, lease_until=NOW + MINUTE
    )


@given(contact_id=st.text(), ranges=st.integers(1, 256))
def test_every_member_is_in_exactly_one_range(contact_id: str, ranges: int) -> None:
    """However a segment is divided, nobody falls between two ranges or into both."""
    key = member_key(ContactId(contact_id))
    assert sum(lower <= key < upper for lower, upper in key_space_bounds(ranges)) == 1


@pytest.mark.parametrize("ranges", [2, 4, 7, 16])
def test_ranges_are_about_equal(ranges: int) -> None:
    """Ids that sort by time are spread over the ranges all the same."""
    keys = [member_key(ContactId(f"con_{number:026}")) for number in range(2_000)]
    for lower, upper in key_space_bounds(ranges):
        share = sum(lower <= key < upper for key in keys)
        assert 0.6 < share / (2_000 / ranges) < 1.4


def test_a_new_range_has_work() -> None:
    """A range that nobody read is work for a start, though no chunk is written."""
    assert only_range().has_work_left
    assert only_range().not_enqueued(10) == ()


def test_a_lease_ends() -> None:
    """A range is its starter's until the lease runs out, and free once released."""
    held = only_range().claim(LeaseToken("lease"), NOW + MINUTE)
    assert held.is_held(NOW + MINUTE - timedelta(microseconds=1))
    assert not held.is_held(NOW + MINUTE)
    assert not held.release().is_held(NOW)


def test_every_step_renews_the_lease() -> None:
    """A starter of a large segment keeps its range as long as it goes on writing."""
    held = only_range().claim(LeaseToken("lease"), NOW + timedelta(seconds=1))
    assert advanced(held, 10, "aa.con").is_held(NOW + timedelta(seconds=59))


def test_written_chunks_are_to_be_enqueued() -> None:
    """Chunks written but not known to be on the queue are enqueued, even by a later starter."""
    written = advanced(advanced(only_range(), 2, "aa.con").enqueued(2), 1, None)
    assert written.is_complete
    assert written.not_enqueued(10) == (ChunkRef(CAMPAIGN, 0, 2),)
    assert written.has_work_left
    assert not written.enqueued(1).has_work_left


def test_a_page_without_cursor_ends_the_range() -> None:
    """The cursor is kept where the segment ends, and the counts add up."""
    complete = advanced(advanced(only_range(), 2, "aa.con"), 1, None)
    assert complete.cursor == "aa.con"
    assert (complete.chunk_count, complete.recipient_count) == (3, 150)


@given(contact_ids=st.lists(st.text(), min_size=1), cursor=st.text())
def test_split_in_two_or_more_everybody_is_in_one_range(
    contact_ids: list[str], cursor: str
) -> None:
    """Wherever the cursor stands; whom it has passed, and it itself, stay with the first."""
    begun = advanced(only_range(), 1, member_key(ContactId(cursor)))
    less, others = begun.split()
    ranges = (less, *others)
    assert DeliveryProgress(ranges, Tally()).is_seen_whole
    assert [each.number for each in ranges] == list(range(len(ranges)))
    assert all(each.lower < each.upper for each in ranges)
    for key in map(member_key, map(ContactId, contact_ids)):
        (owner,) = [each for each in ranges if each.lower <= key < each.upper]
        assert owner is less or key > member_key(ContactId(cursor))


@pytest.mark.parametrize("cursor", ["fe.con", "ff.con"])
def test_at_the_end_there_is_nothing_to_split(cursor: str) -> None:
    """One prefix is as little as a range can have."""
    begun = advanced(only_range(), 1, cursor)
    assert begun.split() == (begun, ())


@pytest.mark.parametrize("size", [3_000, 30_000])
@pytest.mark.parametrize("step", [1, 3])
def test_a_step_tells_how_many_are_left(size: int, step: int) -> None:
    """Not too many, and of 3,000 or more about half at least: whichever step it is."""
    keys = sorted(member_key(ContactId(f"con_{number:026}")) for number in range(size))
    after = None if step == 1 else keys[500 * (step - 1) - 1]
    told = advanced(only_range(), 10, keys[500 * step - 1]).members_left(500, after)
    left = size - 500 * step
    assert 0.5 * left < told < 1.15 * left


def test_of_a_complete_range_nobody_is_left() -> None:
    """However many its last step looked at."""
    assert advanced(advanced(only_range(), 10, "80.con"), 1, None).members_left(500, "80.con") == 0


def test_a_part_of_the_key_space_that_is_not_seen_is_not_the_end() -> None:
    """One that is missing, that is there as it was before a split, or all of them."""
    less, others = advanced(only_range(), 0, "20.con").split()
    ranges = [replace(each, is_complete=True) for each in (less, *others)]
    whole = replace(only_range(), is_complete=True)
    assert DeliveryProgress(tuple(ranges), Tally()).is_finished
    for seen in (ranges[:-1], ranges[1:], ranges[:3] + ranges[4:], [whole, *ranges[1:]], []):
        assert not DeliveryProgress(tuple(seen), Tally()).is_finished


def test_the_share_grows_to_one() -> None:
    """By the prefixes that are wholly behind, over all ranges."""
    less, others = advanced(only_range(), 0, "20.con").split()
    shares = [
        DeliveryProgress((less, *others), Tally()).share,
        DeliveryProgress((replace(less, is_complete=True), *others), Tally()).share,
        DeliveryProgress(
            tuple(replace(each, is_complete=True) for each in (less, *others)), Tally()
        ).share,
    ]
    assert shares == [32 / 256, (33 + (256 - 33) // 16) / 256, 1]


def test_finished_is_everybody_fanned_out_and_every_chunk_done() -> None:
    """A campaign is finished only with all ranges complete, enqueued, and all chunks finished."""
    complete = advanced(only_range(), 2, None).enqueued(2)
    done = Tally(sent=100, finished_chunks=2)
    assert DeliveryProgress((complete,), done).is_finished
    assert not DeliveryProgress((complete,), Tally(sent=50, finished_chunks=1)).is_finished
    assert not DeliveryProgress((replace(complete, is_complete=False),), done).is_finished
    assert not DeliveryProgress((replace(complete, enqueued_through=1),), done).is_finished
    assert not DeliveryProgress((complete, only_range()), done).is_finished


def test_pending_is_who_is_not_counted_yet() -> None:
    """People see how many are fanned out and how many of them are still to come."""
    progress = DeliveryProgress(
        (advanced(only_range(), 3, None),),
        Tally(sent=40, failed=4, unknown=3, suppressed=2, skipped=1, finished_chunks=1),
    )
    assert (progress.recipients, progress.pending) == (150, 100)
