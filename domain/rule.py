"""Rules: which contacts are in a segment, as data. Evaluating one is a pure function.

A rule is `{"all": [rule, …]}`, `{"any": [rule, …]}`, `{"not": rule}`, `{"segment": id}`, or a
comparison `{"field": name, "op": operator, "value": value}`. What a value is compared with tells
the type that is meant: text, a number, true or false, or a date (text of the form 2026-11-19). A
field that is missing, or of another type, compares with nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from domain.contact import Contact
from domain.errors import InvalidInput
from domain.identifiers import NAMED_ID, ContactId, SegmentId
from domain.merge_fields import FIELD_NAME, MAX_WHOLE_NUMBER, RESERVED_FIELD, FieldValue
from domain.unicode_text import is_sendable

MAX_DEPTH = 6
MAX_CONDITIONS = 50
MAX_VALUES = 100
MAX_TEXT_CHARACTERS = 256
MAX_DAYS = 36_600
_DATE_CHARACTERS = 10
_ENDS = 2


class Operator(StrEnum):
    """How a field is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    LESS = "less"
    GREATER = "greater"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    EXISTS = "exists"
    WITHIN_LAST_DAYS = "within_last_days"
    WITHIN_NEXT_DAYS = "within_next_days"


Value = FieldValue | tuple[FieldValue, ...]


@dataclass(frozen=True)
class Comparison:
    """What one field of a contact is."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class InSegment:
    """Who is a member of another segment."""

    segment_id: SegmentId


@dataclass(frozen=True)
class AllOf:
    """Who fits every rule: everybody, where there is none."""

    rules: "tuple[Rule, ...]"


@dataclass(frozen=True)
class AnyOf:
    """Who fits one of the rules: nobody, where there is none."""

    rules: "tuple[Rule, ...]"


@dataclass(frozen=True)
class Not:
    """Who does not fit the rule."""

    rule: "Rule"


Rule = Comparison | InSegment | AllOf | AnyOf | Not

_ATTRIBUTES: Mapping[str, Callable[[Contact], FieldValue | None]] = MappingProxyType(
    {
        "contact.email": lambda contact: contact.address,
        "contact.locale": lambda contact: contact.locale,
        "contact.time_zone": lambda contact: contact.time_zone,
        "contact.consent_source": lambda contact: (
            None if contact.consent is None else contact.consent.source
        ),
        "contact.consent_date": lambda contact: (
            None if contact.consent is None else contact.consent.at.date().isoformat()
        ),
        "contact.soft_bounces": lambda contact: contact.soft_bounces.count,
        "contact.confirmed": lambda contact: not contact.is_unconfirmed,
    }
)
"""What rules may ask for besides the fields, whose names have no dot."""

Memberships = Mapping[SegmentId, Collection[ContactId]]


def matches(rule: Rule, contact: Contact, today: date, memberships: Memberships) -> bool:
    """Whether a contact fits. `memberships` has every segment that the rule names."""
    match rule:
        case Comparison():
            return _compares(rule, _value_of(contact, rule.field), today)
        case InSegment(segment_id):
            return contact.contact_id in memberships[segment_id]
        case AllOf(rules):
            return all(matches(each, contact, today, memberships) for each in rules)
        case AnyOf(rules):
            return any(matches(each, contact, today, memberships) for each in rules)
        case Not(negated):
            return not matches(negated, contact, today, memberships)


def segments_in(rule: Rule) -> frozenset[SegmentId]:
    """Every segment that a rule names."""
    return frozenset(each.segment_id for each in parts_of(rule) if isinstance(each, InSegment))


def parts_of(rule: Rule) -> Iterator[Rule]:
    """The rule and everything in it."""
    yield rule
    match rule:
        case AllOf(rules) | AnyOf(rules):
            for each in rules:
                yield from parts_of(each)
        case Not(negated):
            yield from parts_of(negated)


def _value_of(contact: Contact, field: str) -> FieldValue | None:
    attribute = _ATTRIBUTES.get(field)
    return contact.fields.get(field) if attribute is None else attribute(contact)


def _compares(rule: Comparison, actual: FieldValue | None, today: date) -> bool:  # noqa: C901, PLR0911  one row an operator
    value = rule.value
    match rule.operator:
        case Operator.EXISTS:
            return (actual is not None) is value
        case Operator.EQUALS:
            return _same(actual, value)
        case Operator.NOT_EQUALS:
            return not _same(actual, value)
        case Operator.IN:
            return isinstance(value, tuple) and any(_same(actual, each) for each in value)
        case Operator.LESS:
            return _order(actual, value) == -1
        case Operator.GREATER:
            return _order(actual, value) == 1
        case Operator.BETWEEN:
            low, high = value if isinstance(value, tuple) else (value, value)
            return _order(actual, low) in {0, 1} and _order(actual, high) in {-1, 0}
        case Operator.CONTAINS:
            return isinstance(actual, str) and str(value) in actual
        case Operator.STARTS_WITH:
            return isinstance(actual, str) and actual.startswith(str(value))
        case Operator.WITHIN_LAST_DAYS | Operator.WITHIN_NEXT_DAYS:
            day = _date(actual)
            if day is None or not isinstance(value, int):
                return False
            past = rule.operator is Operator.WITHIN_LAST_DAYS
            ahead = today - day if past else day - today
            return timedelta() <= ahead <= timedelta(days=value)


def _same(actual: FieldValue | None, value: object) -> bool:
    """Equal and of one type: 1 and true are not, 1 and 1.0 are."""
    return _kind(actual) == _kind(value) and actual == value


def _kind(value: object) -> type | None:
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    return str if isinstance(value, str) else None


def _order(actual: FieldValue | None, value: object) -> int | None:
    """-1, 0 or 1: less, equal, greater. None where one is not of the other's type."""
    if _kind(value) is float and _kind(actual) is float:
        left, right = float(actual or 0), float(str(value))
        return (left > right) - (left < right)
    day, other = _date(actual), _date(value)
    if day is None or other is None:
        return None
    return (day > other) - (day < other)


def _date(value: object) -> date | None:
    """Of text that is an RFC 3339 full-date; None of anything else."""
    if not isinstance(value, str) or len(value) != _DATE_CHARACTERS or value[4] != "-":
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def rule_to_data(rule: Rule) -> dict[str, object]:
    """As JSON has it."""
    match rule:
        case Comparison(field, operator, value):
            plain = list(value) if isinstance(value, tuple) else value
            return {"field": field, "op": operator.value, "value": plain}
        case InSegment(segment_id):
            return {"segment": segment_id}
        case AllOf(rules):
            return {"all": [rule_to_data(each) for each in rules]}
        case AnyOf(rules):
            return {"any": [rule_to_data(each) for each in rules]}
        case Not(negated):
            return {"not": rule_to_data(negated)}


def read_rule(data: object, path: str = "rule") -> Rule:
    """The rule that `data`, of JSON, is. Raises InvalidInput naming the place in it."""
    rule = _read(data, path, MAX_DEPTH)
    conditions = sum(isinstance(each, Comparison | InSegment) for each in parts_of(rule))
    if conditions > MAX_CONDITIONS:
        raise InvalidInput(path, f"At most {MAX_CONDITIONS} conditions in one rule.")
    return rule


def _read(data: object, path: str, depth: int) -> Rule:
    if depth == 0:
        raise InvalidInput(path, f"Nested too deeply: at most {MAX_DEPTH} levels.")
    if not isinstance(data, dict):
        raise InvalidInput(path, "It must be an object.")
    match [*data]:
        case ["all" | "any" as kind]:
            rules = data[kind]
            if not isinstance(rules, list) or not rules:
                raise InvalidInput(f"{path}/{kind}", "It must be an array of one rule or more.")
            read = tuple(
                _read(each, f"{path}/{kind}/{index}", depth - 1)
                for index, each in enumerate(rules[: MAX_CONDITIONS + 1])
            )
            return AllOf(read) if kind == "all" else AnyOf(read)
        case ["not"]:
            return Not(_read(data["not"], f"{path}/not", depth - 1))
        case ["segment"]:
            named = data["segment"]
            if not isinstance(named, str) or not NAMED_ID.fullmatch(named):
                raise InvalidInput(f"{path}/segment", "It must be the id of a segment.")
            return InSegment(SegmentId(named))
    if data.keys() == {"field", "op", "value"}:
        return _read_comparison(data, path)
    raise InvalidInput(
        path, "It must have all, any, not or segment alone, or field, op and value together."
    )


def _read_comparison(data: Mapping[str, object], path: str) -> Comparison:
    field, name, value = data["field"], data["op"], data["value"]
    if not isinstance(field, str) or not _can_be_asked_for(field):
        known = ", ".join(_ATTRIBUTES)
        raise InvalidInput(f"{path}/field", f"It must be the name of a field, or one of {known}.")
    if not isinstance(name, str) or name not in set(Operator):
        raise InvalidInput(f"{path}/op", f"It must be one of {', '.join(Operator)}.")
    operator = Operator(name)
    return Comparison(field, operator, _read_value(operator, value, f"{path}/value"))


def _can_be_asked_for(field: str) -> bool:
    if field in _ATTRIBUTES:
        return True
    return FIELD_NAME.fullmatch(field) is not None and field != RESERVED_FIELD


def _read_value(operator: Operator, value: object, path: str) -> Value:  # noqa: C901, PLR0911  one row an operator
    match operator:
        case Operator.EQUALS | Operator.NOT_EQUALS:
            return _single(value, path)
        case Operator.IN:
            return _several(value, path, range(1, MAX_VALUES + 1))
        case Operator.LESS | Operator.GREATER:
            return _ordered(value, path)
        case Operator.BETWEEN:
            low, high = _several(value, path, range(_ENDS, _ENDS + 1))
            order = _order(_ordered(low, f"{path}/0"), _ordered(high, f"{path}/1"))
            if order is None or order > 0:
                raise InvalidInput(path, "The first must not be after the second, of one type.")
            return low, high
        case Operator.CONTAINS | Operator.STARTS_WITH:
            if not isinstance(value, str) or not value:
                raise InvalidInput(path, "It must be text, and not empty.")
            return _single(value, path)
        case Operator.EXISTS:
            if not isinstance(value, bool):
                raise InvalidInput(path, "It must be true or false.")
            return value
        case Operator.WITHIN_LAST_DAYS | Operator.WITHIN_NEXT_DAYS:
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not 0 <= int(str(value)) <= MAX_DAYS:
                raise InvalidInput(path, f"It must be a number of days, from 0 to {MAX_DAYS}.")
            return int(str(value))


def _several(value: object, path: str, sizes: range) -> tuple[FieldValue, ...]:
    if not isinstance(value, list) or len(value) not in sizes:
        raise InvalidInput(path, f"It must be an array of {sizes[0]} to {sizes[-1]} values.")
    return tuple(_single(each, f"{path}/{index}") for index, each in enumerate(value))


def _ordered(value: object, path: str) -> FieldValue:
    single = _single(value, path)
    if _kind(single) is not float and _date(single) is None:
        raise InvalidInput(path, "It must be a number, or a date as 2026-11-19.")
    return single


def _single(value: object, path: str) -> FieldValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARACTERS or not is_sendable(value):
            raise InvalidInput(
                path, f"Unicode text of at most {MAX_TEXT_CHARACTERS} characters, without NUL."
            )
        return value
    if isinstance(value, int | float) and abs(value) <= MAX_WHOLE_NUMBER:
        return value
    raise InvalidInput(path, "It must be text, a number, true or false.")
