"""The contract of `domain.ports.suppressions`; `permission` in test_chunks.py reads the list."""

from datetime import timedelta

from domain.suppression import Suppression, SuppressionReason
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START

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

    assert results == [None] * THREADS
    assert family.suppression_of(ADDRESS) in rivals


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
