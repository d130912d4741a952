"""Rules over what is known of a person."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contact import Consent, Contact
from domain.errors import InvalidInput
from domain.identifiers import ContactId, SegmentId
from domain.merge_fields import FieldValue
from domain.rule import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    AllOf,
    Operator,
    matches,
    read_rule,
    rule_to_data,
    segments_in,
)

TODAY = date(2026, 3, 2)
MEMBERS = {SegmentId("staff"): {ContactId("con_1")}, SegmentId("vip"): set[ContactId]()}


def contact(**fields: FieldValue) -> Contact:
    """One with these fields."""
    return Contact(
        ContactId("con_1"),
        "ann@example.com",
        fields,
        "de-AT",
        "Europe/Vienna",
        Consent("sign-up form", datetime(2026, 2, 28, 23, tzinfo=UTC)),
    )


def fits(data: object, **fields: FieldValue) -> bool:
    """Whether a contact with these fields fits the rule."""
    return matches(read_rule(data), contact(**fields), TODAY, MEMBERS)


def compare(actual: FieldValue | None, op: str, value: object) -> bool:
    """Whether a field that is `actual`, or missing, compares."""
    fields = {} if actual is None else {"x": actual}
    return fits({"field": "x", "op": op, "value": value}, **fields)


@pytest.mark.parametrize(
    ("actual", "op", "value", "expected"),
    [
        ("gold", "equals", "gold", True),
        ("Gold", "equals", "gold", False),
        (1, "equals", 1.0, True),
        (1, "equals", True, False),
        (True, "equals", 1, False),
        ("1", "equals", 1, False),
        (None, "equals", "gold", False),
        ("gold", "not_equals", "gold", False),
        (None, "not_equals", "gold", True),
        ("gold", "in", ["silver", "gold"], True),
        (True, "in", [1, "true"], False),
        (None, "in", ["gold"], False),
        (4, "less", 5, True),
        (5, "less", 5, False),
        ("4", "less", 5, False),
        (True, "less", 5, False),
        (None, "less", 5, False),
        (0, "greater", -1, True),
        (5, "greater", 5, False),
        (2**53 - 1, "greater", 2**53 - 2, True),
        ("2026-02-01", "less", "2026-03-01", True),
        ("2026-3-1", "less", "2027-01-01", False),
        ("20260301", "less", "2027-01-01", False),
        ("2026-02-30", "less", "2027-01-01", False),
        ("soon", "greater", "2026-03-01", False),
        (5, "greater", "2026-03-01", False),
        (5, "between", [5, 7], True),
        (7, "between", [5, 7], True),
        (8, "between", [5, 7], False),
        (None, "between", [5, 7], False),
        ("2026-03-01", "between", ["2026-03-01", "2026-03-01"], True),
        ("a gold one", "contains", "gold", True),
        ("a gold one", "starts_with", "gold", False),
        ("golden", "starts_with", "gold", True),
        (1, "contains", "1", False),
        (None, "contains", "1", False),
        (False, "exists", True, True),
        ("", "exists", False, False),
        (None, "exists", False, True),
        (None, "exists", True, False),
        ("2026-03-02", "within_last_days", 0, True),
        ("2026-01-31", "within_last_days", 30, True),
        ("2026-01-30", "within_last_days", 30, False),
        ("2026-03-03", "within_last_days", 30, False),
        ("2026-03-09", "within_next_days", 7, True),
        ("2026-03-10", "within_next_days", 7, False),
        ("2026-03-01", "within_next_days", 7, False),
        ("soon", "within_next_days", 7, False),
        (None, "within_last_days", 7, False),
    ],
)
def test_comparisons(actual: FieldValue | None, op: str, value: object, expected: object) -> None:
    """Of one type only; what is missing compares with nothing, so it is not equal either."""
    assert compare(actual, op, value) is expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact.email", "ann@example.com"),
        ("contact.locale", "de-AT"),
        ("contact.time_zone", "Europe/Vienna"),
        ("contact.consent_source", "sign-up form"),
        ("contact.consent_date", "2026-02-28"),
    ],
)
def test_what_is_asked_for_besides_the_fields(field: str, value: str) -> None:
    """Under names that no field can have; missing where it is not known."""
    bare = Contact(ContactId("con_1"), "ann@example.com", {})
    rule = read_rule({"field": field, "op": "equals", "value": value})
    missing = read_rule({"field": field, "op": "exists", "value": False})
    assert matches(rule, contact(), TODAY, {})
    assert matches(missing, bare, TODAY, {}) is (field != "contact.email")


def test_rules_of_rules() -> None:
    """All, any, not, and members of segments."""
    yes: dict[str, object] = {"segment": "staff"}
    no: dict[str, object] = {"segment": "vip"}
    assert fits(yes)
    assert not fits(no)
    assert fits({"all": [yes, {"not": no}]})
    assert not fits({"all": [yes, no]})
    assert fits({"any": [no, yes]})
    assert not fits({"any": [no, no]})
    assert segments_in(read_rule({"not": {"any": [yes, {"all": [no]}]}})) == {"staff", "vip"}


GOLD = {"field": "plan", "op": "equals", "value": "gold"}


def nested(levels: int) -> object:
    """A rule so deep."""
    rule: object = GOLD
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        ({"all": []}, "/all"),
        ({"any": GOLD}, "/any"),
        ({"all": [GOLD], "any": [GOLD]}, ""),
        ({"all": [GOLD, 1]}, "/all/1"),
        ({"not": [GOLD]}, "/not"),
        ({"segment": 1}, "/segment"),
        ({"segment": "a b"}, "/segment"),
        ({**GOLD, "more": 1}, ""),
        ({"field": "plan", "op": "exists"}, ""),
        ({**GOLD, "field": "email"}, "/field"),
        ({**GOLD, "field": "contact.phone"}, "/field"),
        ({**GOLD, "field": 1}, "/field"),
        ({**GOLD, "op": "="}, "/op"),
        ({**GOLD, "op": []}, "/op"),
        ({**GOLD, "value": None}, "/value"),
        ({**GOLD, "value": ["gold"]}, "/value"),
        ({**GOLD, "value": "x" * 257}, "/value"),
        ({**GOLD, "value": "\ud800"}, "/value"),
        ({**GOLD, "value": 2**53}, "/value"),
        ({**GOLD, "op": "in", "value": "gold"}, "/value"),
        ({**GOLD, "op": "in", "value": []}, "/value"),
        ({**GOLD, "op": "in", "value": ["x"] * 101}, "/value"),
        ({**GOLD, "op": "in", "value": ["x", None]}, "/value/1"),
        ({**GOLD, "op": "less", "value": "gold"}, "/value"),
        ({**GOLD, "op": "greater", "value": True}, "/value"),
        ({**GOLD, "op": "between", "value": [1]}, "/value"),
        ({**GOLD, "op": "between", "value": [2, 1]}, "/value"),
        ({**GOLD, "op": "between", "value": [1, "2026-03-01"]}, "/value"),
        ({**GOLD, "op": "between", "value": ["soon", 1]}, "/value/0"),
        ({**GOLD, "op": "contains", "value": 1}, "/value"),
        ({**GOLD, "op": "starts_with", "value": ""}, "/value"),
        ({**GOLD, "op": "exists", "value": 1}, "/value"),
        ({**GOLD, "op": "within_last_days", "value": -1}, "/value"),
        ({**GOLD, "op": "within_last_days", "value": 1.5}, "/value"),
        ({**GOLD, "op": "within_next_days", "value": True}, "/value"),
        ({**GOLD, "op": "within_next_days", "value": 36_601}, "/value"),
        (nested(MAX_DEPTH + 1), "/not" * MAX_DEPTH),
        ({"all": [GOLD] * (MAX_CONDITIONS + 1)}, ""),
    ],
)
def test_what_is_no_rule_is_refused(data: object, place: str) -> None:
    """By its place in what was sent."""
    with pytest.raises(InvalidInput) as refusal:
        read_rule(data)
    assert refusal.value.field == f"rule{place}"


def test_rules_up_to_the_limits() -> None:
    """So deep and so many are taken."""
    assert rule_to_data(read_rule(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    assert isinstance(read_rule({"all": [GOLD] * MAX_CONDITIONS}), AllOf)


texts = st.text(max_size=5, alphabet="ab é-0")
numbers = st.integers(-9, 9) | st.floats(-9, 9)
singles = texts | numbers | st.booleans()
fields = st.sampled_from(["a", "b", "contact.locale"])
comparisons = st.one_of(
    st.tuples(fields, st.sampled_from(["equals", "not_equals"]), singles),
    st.tuples(fields, st.just("in"), st.lists(singles, min_size=1, max_size=3)),
    st.tuples(fields, st.sampled_from(["less", "greater"]), numbers),
    st.tuples(fields, st.just("exists"), st.booleans()),
    st.tuples(fields, st.just("within_last_days"), st.integers(0, 99)),
).map(lambda each: {"field": each[0], "op": each[1], "value": each[2]})
rules = st.recursive(
    comparisons | st.sampled_from([{"segment": "staff"}, {"segment": "vip"}]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=6,
)


@given(data=rules, a=singles)
def test_a_rule_survives_being_stored(data: object, a: FieldValue) -> None:
    """As data it is what it was, and not is the contrary of it."""
    try:
        rule = read_rule(data)
    except InvalidInput:
        return
    assert repr(rule_to_data(rule)) == repr(data)
    someone = contact(a=a)
    negated = read_rule({"not": data}, "again") if _depth(data) < MAX_DEPTH else None
    if negated is not None:
        assert matches(negated, someone, TODAY, MEMBERS) is not matches(
            rule, someone, TODAY, MEMBERS
        )


def _depth(data: object) -> int:
    if not isinstance(data, dict):
        return 0
    inner = [*data.get("all", ()), *data.get("any", ()), *([data["not"]] if "not" in data else ())]
    return 1 + max(map(_depth, inner), default=0)


def test_every_operator_is_tried_here() -> None:
    """A new one is added to the table of comparisons."""
    marks = test_comparisons.pytestmark  # type: ignore[attr-defined]  # pytest's own
    assert {row[1] for row in marks[0].args[1]} == set(Operator)
