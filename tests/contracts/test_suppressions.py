"""The contract of `domain.ports.suppressions`; `permission` in test_chunks.py reads the list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import InvalidInput
from domain.identifiers import NAMED_ID, SuppressionId
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    Unsubscribed,
)
from tests.contracts.examples import CAMPAIGN_ID, MADE_UP_CURSORS
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START

MARKETING, ALL = SuppressionScope.MARKETING, SuppressionScope.ALL
ADDRESS = "zoë@bücher.example"


def suppression(
    reason: SuppressionReason = SuppressionReason.BOUNCE, address: str = ADDRESS
) -> Suppression:
    """For this reason, from the start on."""
    return Suppression(address, reason, START)


def test_a_suppressed_address_is_so_from_now_on(family: Family) -> None:
    """A send that asks for permission sees it."""
    family.suppressions.add(suppression())

    permission = family.chunks.permission(CAMPAIGN_ID, [ADDRESS, "zoe@bücher.example"])

    assert permission.suppressed == {ADDRESS}
    assert family.suppression_of(ADDRESS) == suppression()


def test_the_first_reason_stays(family: Family) -> None:
    """Suppressing again changes nothing and raises nothing."""
    family.suppressions.add(suppression())

    later = Suppression(ADDRESS, SuppressionReason.OPERATOR, START + timedelta(days=1))
    family.suppressions.add(later)

    assert family.suppression_of(ADDRESS) == suppression()


def test_suppressing_again_changes_nothing(family: Family) -> None:
    """The same, as after an answer that was lost."""
    family.suppressions.add(suppression())

    family.suppressions.add(suppression())

    assert family.suppression_of(ADDRESS) == suppression()


def test_addresses_are_suppressed_each_for_itself(family: Family) -> None:
    """Nobody else is."""
    family.suppressions.add(suppression(address="a@example.com"))
    family.suppressions.add(suppression(SuppressionReason.COMPLAINT, "b@example.com"))

    asked = ["a@example.com", "b@example.com", "c@example.com", "a@example.com.au"]

    assert family.chunks.permission(CAMPAIGN_ID, asked).suppressed == {
        "a@example.com",
        "b@example.com",
    }


def test_of_those_who_suppress_at_once_one_reason_stays(family: Family) -> None:
    """None of them hears anything of it."""
    rivals = [
        Suppression(ADDRESS, SuppressionReason.BOUNCE, START + timedelta(seconds=number))
        for number in range(THREADS)
    ]

    results = race(family.suppressions.add, rivals)

    entry = family.suppressions.entry(ADDRESS)
    assert results == [entry] * THREADS
    assert family.suppression_of(ADDRESS) in rivals


def test_a_stricter_one_takes_the_place_of_a_weaker_one(family: Family) -> None:
    """Whole, with its own reason and time; a weaker one changes nothing of a stricter."""
    unsubscribed = Suppression(ADDRESS, SuppressionReason.UNSUBSCRIBE, START, MARKETING, "asked")
    later = START + timedelta(days=1)
    complaint = Suppression(ADDRESS, SuppressionReason.COMPLAINT, later, ALL)

    stored = [family.suppressions.add(each) for each in (unsubscribed, complaint, unsubscribed)]

    assert [each.scope for each in stored] == [MARKETING, ALL, ALL]
    assert stored[1].unsubscribed == Unsubscribed(MARKETING, START)
    assert stored[1] == stored[2]
    assert family.suppression_of(ADDRESS) == complaint


UNSUBSCRIBED = Suppression(ADDRESS, SuppressionReason.UNSUBSCRIBE, START, MARKETING)


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.OPERATOR])
@pytest.mark.parametrize(
    ("first", "scope"),
    [("unsubscribed", MARKETING), ("unsubscribed", ALL), ("other", MARKETING), ("other", ALL)],
)
@pytest.mark.parametrize("forgotten", [False, True])
def test_who_unsubscribed_stays_so_when_another_reason_is_removed(
    family: Family,
    reason: SuppressionReason,
    scope: SuppressionScope,
    first: str,
    *,
    forgotten: bool,
) -> None:
    """In whatever order they came, and whether or not the address is still known."""
    other = Suppression(ADDRESS, reason, START + timedelta(days=1), ALL, "n")
    unsubscribed = replace(UNSUBSCRIBED, scope=scope)
    both = [unsubscribed, other] if first == "unsubscribed" else [other, unsubscribed]
    stored = [family.suppressions.add(each) for each in both][-1]
    if forgotten:
        family.suppressions.forget(stored.suppression_id)

    assert (stored.reason, stored.unsubscribed) == (reason, Unsubscribed(scope, START))
    removed = family.suppressions.remove(stored.suppression_id)

    kept = SuppressionEntry.of(stored.suppression_id, unsubscribed)
    assert removed is not None
    assert removed.reason is reason
    assert family.suppressions.entry(ADDRESS) == (
        replace(kept, address=None) if forgotten else kept
    )
    assert family.suppressions.find([ADDRESS]) == {ADDRESS: unsubscribed}
    assert family.chunks.permission(CAMPAIGN_ID, [ADDRESS]).suppressed == {ADDRESS}
    assert [each.unsubscribed for each in family.suppressions.page(10, None).entries] == [None]
    assert family.suppressions.remove(stored.suppression_id) is not None
    assert family.suppressions.entry(ADDRESS) is None
    assert family.suppressions.add(other).unsubscribed is None


def test_asking_for_more_is_kept_beside_another_reason(family: Family) -> None:
    """And asking for less takes nothing back."""
    family.suppressions.add(suppression())
    later = START + timedelta(days=1)
    for scope, since in ((MARKETING, START), (ALL, later), (MARKETING, later)):
        family.suppressions.add(replace(UNSUBSCRIBED, scope=scope, since=since))

    entry = family.suppressions.entry(ADDRESS)

    assert entry is not None
    assert (entry.reason, entry.unsubscribed) == ("bounce", Unsubscribed(ALL, later))
    assert family.suppressions.add(suppression()) == entry


def test_an_unsubscribe_that_meets_a_removal_is_not_lost(family: Family) -> None:
    """Whoever comes first."""
    stored = family.suppressions.add(suppression())

    def remove() -> object:
        return family.suppressions.remove(stored.suppression_id)

    def click() -> object:
        return family.suppressions.add(UNSUBSCRIBED)

    results = race(lambda act: act(), [remove, click])

    assert [each for each in results if isinstance(each, Exception)] == []
    assert family.suppression_of(ADDRESS) == UNSUBSCRIBED


def test_of_those_who_suppress_at_once_a_stricter_one_stays(family: Family) -> None:
    """Whoever comes first."""
    scopes = [MARKETING] * (THREADS - 1) + [ALL]
    rivals = [Suppression(ADDRESS, SuppressionReason.OPERATOR, START, each) for each in scopes]

    results = race(family.suppressions.add, rivals)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert family.suppression_of(ADDRESS) == rivals[-1]


def test_an_entry_tells_all_but_the_address_in_its_id(family: Family) -> None:
    """Found by the address; nobody else is."""
    noted = Suppression(ADDRESS, SuppressionReason.OPERATOR, START, MARKETING, "asked ☃")

    added = family.suppressions.add(noted)

    assert family.suppressions.entry(ADDRESS) == added
    assert added == SuppressionEntry.of(added.suppression_id, noted)
    assert NAMED_ID.fullmatch(added.suppression_id)
    assert "zo" not in added.suppression_id
    assert family.suppressions.entry("zoe@bücher.example") is None


def test_who_is_taken_off_is_mailed_again(family: Family) -> None:
    """From now on; taking off again finds nothing, and another reason may come."""
    added = family.suppressions.add(suppression())
    other = family.suppressions.add(suppression(address="b@example.com"))

    removed = family.suppressions.remove(added.suppression_id)

    assert removed == added
    assert family.suppressions.remove(added.suppression_id) is None
    assert family.suppressions.entry(ADDRESS) is None
    assert family.suppressions.page(10, None).entries == (other,)
    asked = [ADDRESS, "b@example.com"]
    assert family.chunks.permission(CAMPAIGN_ID, asked).suppressed == {"b@example.com"}
    assert family.suppressions.add(suppression(SuppressionReason.OPERATOR)).reason == "operator"


@pytest.mark.parametrize("suppression_id", ["", "made-up", "ö☃", "a" * 2_000])
def test_an_id_that_is_none_takes_nobody_off(family: Family, suppression_id: str) -> None:
    """Whatever it looks like."""
    family.suppressions.add(suppression())

    # DynamoDB takes keys of up to 2,048 bytes, which the longest with its prefix does not pass.
    assert family.suppressions.remove(SuppressionId(suppression_id)) is None
    assert family.suppression_of(ADDRESS) == suppression()


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_pages_bring_every_entry_once_by_id(
    family: Family, limit: int, lengths: Sequence[int]
) -> None:
    """The last page has no cursor, also when it is full."""
    added = [
        family.suppressions.add(suppression(address=f"{number}@example.com")) for number in range(5)
    ]

    pages = [family.suppressions.page(limit, None)]
    while pages[-1].cursor is not None:
        pages.append(family.suppressions.page(limit, pages[-1].cursor))

    assert [len(page.entries) for page in pages] == lengths
    entries = [entry for page in pages for entry in page.entries]
    assert entries == sorted(added, key=lambda entry: entry.suppression_id)


@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_cursor_of_nobodys_is_refused(family: Family, cursor: str) -> None:
    """It names the field."""
    family.suppressions.add(suppression())

    with pytest.raises(InvalidInput) as refusal:
        family.suppressions.page(10, cursor)

    assert refusal.value.field == "cursor"


def test_the_suppressed_are_found_with_what_is_known_of_them(family: Family) -> None:
    """Nobody else is; asking for nobody finds nobody."""
    complaint = suppression(SuppressionReason.COMPLAINT, "b@example.com")
    family.suppressions.add(suppression(address="a@example.com"))
    family.suppressions.add(complaint)

    found = family.suppressions.find(["a@example.com", "b@example.com", "c@example.com"])

    assert found == {
        "a@example.com": suppression(address="a@example.com"),
        "b@example.com": complaint,
    }
    assert family.suppressions.find([]) == {}


def test_a_forgotten_address_is_held_back_as_before(family: Family) -> None:
    """Neither address nor note is on the list any more; by its hash it is found all the same."""
    stored = family.suppressions.add(replace(suppression(), note="wrote to us"))

    for _ in range(2):
        family.suppressions.forget(stored.suppression_id)

    kept = replace(stored, address=None, note=None)
    assert family.suppressions.entry(ADDRESS) == kept
    assert family.suppressions.find([ADDRESS]) == {ADDRESS: suppression()}
    assert family.chunks.permission(CAMPAIGN_ID, [ADDRESS]).suppressed == {ADDRESS}
    assert family.suppressions.add(suppression(SuppressionReason.COMPLAINT)) == kept
    assert ADDRESS not in repr(family.suppressions.page(10, None))
    assert family.suppressions.remove(stored.suppression_id) == kept
    assert family.suppressions.entry(ADDRESS) is None


def test_forgetting_what_is_not_on_the_list_changes_nothing(family: Family) -> None:
    """It puts nobody on it."""
    stored = family.suppressions.add(suppression())
    family.suppressions.remove(stored.suppression_id)

    family.suppressions.forget(stored.suppression_id)

    assert family.suppressions.entry(ADDRESS) is None


def test_an_entry_is_lifted_as_it_was_read(family: Family) -> None:
    """Whoever asks to be mailed again; lifted twice, it is off."""
    entry = family.suppressions.add(suppression(SuppressionReason.UNSUBSCRIBE))

    assert family.suppressions.lift(entry)
    assert family.suppressions.lift(entry)

    assert family.suppressions.entry(ADDRESS) is None
    assert family.suppressions.find([ADDRESS]) == {}


def test_what_took_its_place_is_not_lifted(family: Family) -> None:
    """A complaint that came meanwhile stays."""
    entry = family.suppressions.add(
        replace(suppression(SuppressionReason.UNSUBSCRIBE), scope=MARKETING)
    )
    complained = family.suppressions.add(suppression(SuppressionReason.COMPLAINT))

    assert not family.suppressions.lift(entry)

    assert family.suppressions.entry(ADDRESS) == complained
