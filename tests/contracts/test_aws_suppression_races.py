"""Whoever changes a suppression between another's reading and writing of it loses nothing."""

from collections.abc import Callable

import pytest

from adapters.aws.suppressions import DynamoDBSuppressionRepository
from adapters.aws.table import Item, Key, Table
from adapters.system.ids import SystemIds
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    suppression_id_of,
)
from tests.contracts.aws_family import Deployment, create_table
from tests.contracts.settable_clock import START, SettableClock

ADDRESS = "ann@example.com"
SUPPRESSION_ID = suppression_id_of(b"key", ADDRESS)
BOUNCE = Suppression(ADDRESS, SuppressionReason.BOUNCE, START)
CLICK = Suppression(ADDRESS, SuppressionReason.UNSUBSCRIBE, START, SuppressionScope.MARKETING)

Act = Callable[[DynamoDBSuppressionRepository], object]


def remove(suppressions: DynamoDBSuppressionRepository) -> object:
    """As an operator does."""
    return suppressions.remove(SUPPRESSION_ID)


def click(suppressions: DynamoDBSuppressionRepository) -> object:
    """As a reader does."""
    return suppressions.add(CLICK)


def forget(suppressions: DynamoDBSuppressionRepository) -> None:
    """As an erasure does."""
    suppressions.forget(SUPPRESSION_ID)


@pytest.mark.parametrize(
    ("slow", "fast", "address"),
    [
        (remove, click, ADDRESS),
        (click, remove, ADDRESS),
        (forget, click, None),
        (click, forget, None),
    ],
)
def test_a_click_outlasts_what_it_meets(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    slow: Act,
    fast: Act,
    address: str | None,
) -> None:
    """A removal does not take it along, and an erasure's address does not come back with it."""
    table = Table(deployment.clients, create_table(deployment), SettableClock(), SystemIds())
    suppressions = DynamoDBSuppressionRepository(table, lambda: b"key")
    suppressions.add(BOUNCE)
    get = table.get

    def overtaken(key: Key) -> Item | None:
        read = get(key)
        monkeypatch.undo()
        fast(suppressions)
        return read

    monkeypatch.setattr(table, "get", overtaken)
    slow(suppressions)

    entry = suppressions.entry(ADDRESS)
    assert entry is not None
    assert entry.address == address
    assert entry.choice == SuppressionEntry.of(SUPPRESSION_ID, CLICK).choice
