"""Any value of a dataclass, by the types of its fields: of one that is new to it, too."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from domain.campaign import CampaignState
from domain.cron import Cron
from domain.identifiers import SegmentId
from domain.merge_fields import MAX_WHOLE_NUMBER
from domain.rule import AllOf, AnyOf, Comparison, InSegment, Not, Operator, Rule

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE_NUMBERS = st.integers(-MAX_WHOLE_NUMBER, MAX_WHOLE_NUMBER)
_COMPARISONS: st.SearchStrategy[Rule] = st.builds(
    Comparison,
    st.just("age"),
    st.just(Operator.EQUALS),
    TEXT.filter(str.isprintable) | WHOLE_NUMBERS | st.booleans(),
)
_PLAIN: Mapping[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: WHOLE_NUMBERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    date: st.dates(),
    datetime: st.datetimes().map(lambda moment: moment.replace(tzinfo=UTC, fold=0)),
    Cron: st.sampled_from(["0 9 * * MON", "*/5 8-18/2 1,15 * *"]).map(Cron.of),
}
_RULES = st.recursive(
    _COMPARISONS | st.builds(InSegment, st.just(SegmentId("vip-customers"))),
    lambda rules: st.one_of(
        st.builds(AllOf, st.lists(rules, min_size=1, max_size=2).map(tuple)),
        st.builds(AnyOf, st.lists(rules, min_size=1, max_size=2).map(tuple)),
        st.builds(Not, rules),
    ),
    max_leaves=4,
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401, C901, PLR0911  one row a kind of type
    """Raises TypeError for an annotation that is new here."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == Rule | None:
        return st.none() | _RULES
    if isinstance(kind, NewType):
        return values_of(kind.__supertype__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of(*map(values_of, arguments))
    if origin is Mapping:
        return st.dictionaries(*map(values_of, arguments), max_size=3)
    if origin is frozenset:
        # Two that are equal may be printed in another order.
        return st.frozensets(*map(values_of, arguments), max_size=1)
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        # One annotation has a name that is there for type checkers alone.
        hints = get_type_hints(kind, localns={"CampaignState": CampaignState})
        return st.builds(kind, **{each.name: values_of(hints[each.name]) for each in fields(kind)})
    raise TypeError(f"Say here what values there are of {kind!r}.")
