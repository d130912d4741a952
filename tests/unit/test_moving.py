"""What `sentinel move` decides by itself, held against what the service does."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.contact import ContactDraft
from domain.contact_import import ImportPlan
from domain.csv_contact import RowReader
from domain.csv_layout import layout_of
from domain.csv_rows import read_rows
from domain.identifiers import JobId, SuppressionId
from domain.merge_fields import MAX_WHOLE_NUMBER
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    Unsubscribed,
)
from entrypoints.cli.moving_differences import holds_back_as_much
from entrypoints.cli.moving_inventory import Inventory, Kind, Side, Thing
from entrypoints.cli.moving_rows import fields_of_all, fill, row_of
from entrypoints.cli.moving_writing import segments_in

FIELDS = st.dictionaries(
    st.sampled_from(["name", "plan", "mail", "locale", "status", "A1", "_x"]),
    st.booleans()
    | st.integers(-MAX_WHOLE_NUMBER, MAX_WHOLE_NUMBER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.from_regex(r"[-+ ]?[0-9.eE+]{1,22}", fullmatch=True)
    | st.sampled_from(["true", "false", "True", "", "01067", "2026-11-19", "=1+1", "👩‍👩‍👧"]),
    max_size=4,
)
SOURCES = st.sampled_from([None, "fair", " fair ", 'a "b", c', "\u00a0x"])
ANN = "ann@example.com"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def contact(fields: Mapping[str, object], source: str | None) -> Thing:
    """As the API tells it."""
    consent = None if source is None else {"source": source, "at": "2026-01-02T03:04:05.678Z"}
    content = {"fields": dict(fields), "locale": None, "time_zone": None, "consent": consent}
    return Thing(ANN, content)


def imported(file: Path) -> ContactDraft:
    """What an import makes of the only row of a file. Fails where it refuses it."""
    data = file.read_bytes()
    plan = ImportPlan(delimiter=",", encoding="utf-8")
    layout, first = layout_of(data, plan, is_whole=True)
    (row,) = read_rows(layout, first, data[first.offset :], is_last=True, limit=9).rows
    draft = RowReader.of(JobId("imp_1"), plan, layout).read(row)
    assert isinstance(draft, ContactDraft), draft
    return draft


@given(FIELDS, SOURCES)
@example({"name": "true"}, None)
@example({"name": "false", "plan": ""}, None)
@example({"name": " x ", "plan": "5"}, "fair")
def test_a_row_is_read_as_the_contact_that_it_was(
    tmp_path_factory: pytest.TempPathFactory, fields: Mapping[str, Any], source: str | None
) -> None:
    """With the types of its fields; what a file would not keep has no row."""
    thing = contact(fields, source)
    columns = fields_of_all([thing])
    row = row_of(thing, columns)
    if row is None:
        return
    file = tmp_path_factory.getbasetemp() / "one.csv"

    assert fill(file, iter([row]), columns) == 1
    draft = imported(file)

    assert draft.address == ANN
    assert {name: (type(value), value) for name, value in draft.fields.items()} == {
        name: (type(value), value) for name, value in fields.items()
    }
    assert (draft.consent and draft.consent.source) == source


@pytest.mark.parametrize("text", ["01067", "2026-11-19", "=1+1", "+49 30 1", 'a "b", c', "Ann 🎂"])
def test_what_most_contacts_have_goes_by_file(text: str) -> None:
    """Postal codes, days and telephone numbers: one by one a million would take a day."""
    assert row_of(contact({"name": text}, "fair"), ("name",)) is not None


def entries() -> list[SuppressionEntry]:
    """All that can be on a list, by what holds back how much."""
    scopes = list(SuppressionScope)
    chosen = SuppressionReason.UNSUBSCRIBE
    alone = [entry(reason, scope) for reason in ("operator", "bounce", chosen) for scope in scopes]
    beside = [
        entry("operator", scope, choice)
        for scope, choice in itertools.product(scopes, scopes)
        if scope is SuppressionScope.ALL or choice is SuppressionScope.MARKETING
    ]
    return [*alone, *beside]


def entry(
    reason: str, scope: SuppressionScope, choice: SuppressionScope | None = None
) -> SuppressionEntry:
    """One of them."""
    return SuppressionEntry(
        SuppressionId("x"),
        ANN,
        SuppressionReason(reason),
        MONDAY,
        scope,
        None,
        None if choice is None else Unsubscribed(choice, MONDAY - timedelta(days=1)),
    )


def told(on_list: SuppressionEntry) -> Thing:
    """As the API tells it."""
    asked = on_list.unsubscribed
    content = {
        "reason": on_list.reason.value,
        "scope": on_list.scope.value,
        "unsubscribed": asked and {"scope": asked.scope.value},
    }
    return Thing(ANN, content)


def added(there: SuppressionEntry | None, here: SuppressionEntry) -> SuppressionEntry:
    """What is on the list once that the entry was carried over."""
    suppressions = [Suppression(ANN, here.reason, here.since, here.scope)]
    if here.unsubscribed is not None:
        asked = here.unsubscribed
        choice = Suppression(ANN, SuppressionReason.UNSUBSCRIBE, asked.since, asked.scope)
        suppressions.insert(0, choice)
    for each in suppressions:
        there = SuppressionEntry.of(SuppressionId("x"), each) if there is None else there.then(each)
    assert there is not None
    return there


@pytest.mark.parametrize("here", entries(), ids=str)
def test_a_suppression_is_carried_over_as_it_is(here: SuppressionEntry) -> None:
    """Onto a list that has not the address, and the second time nothing changes."""
    assert added(None, here) == here
    assert added(here, here) == here


@pytest.mark.parametrize(
    ("here", "there"),
    [*itertools.product(entries(), entries())],
    ids=lambda each: each.reason.value,
)
def test_what_is_carried_over_holds_back_as_much(
    here: SuppressionEntry, there: SuppressionEntry
) -> None:
    """Whatever was there; and what holds back as much already is left alone by the list itself."""
    after = added(there, here)

    assert holds_back_as_much(told(here), told(after))
    if holds_back_as_much(told(here), told(there)):
        assert after == there


def test_segments_are_found_in_a_rule_however_deep() -> None:
    """And text that looks like a name is none."""
    rule = {
        "all": [
            {"segment": "a"},
            {"not": {"any": [{"segment": "b"}, {"field": "x", "op": "in", "value": ["segment"]}]}},
        ]
    }

    assert list(segments_in(rule)) == ["a", "b"]
    assert list(segments_in(None)) == []


def test_an_inventory_tells_one_from_true_and_lists_what_is_missing() -> None:
    """By the key, with what is known of it on its own side."""
    inventory = Inventory()
    here = [
        Thing(key, {"value": value}, "here") for key, value in zip("abc", (1, 1, 2), strict=True)
    ]
    there = [Thing("a", {"value": True}, "there"), Thing("b", {"value": 1}, "other")]
    inventory.put(Side.SOURCE, Kind.CONTACTS, here)
    inventory.put(Side.TARGET, Kind.CONTACTS, there)
    inventory.put(Side.TARGET, Kind.TEMPLATES, [Thing("c", {})])

    assert list(inventory.missing(Kind.CONTACTS)) == [here[2]]
    assert list(inventory.differing(Kind.CONTACTS)) == [(here[0], there[0])]
    inventory.forget(Side.TARGET, Kind.CONTACTS)
    assert list(inventory.missing(Kind.CONTACTS)) == here
    assert inventory.count(Side.TARGET, Kind.TEMPLATES) == 1
    inventory.close()
