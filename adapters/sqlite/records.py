"""Domain values as JSON text, and back.

What has its default is left out: a record from before a field was kept reads as one that has the
default, and a field that is no more is passed over.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, get_args

from cattrs.preconf.json import JsonConverter, make_converter

from domain.campaign import CampaignState
from domain.campaign_history import ChangeKind, StateChange
from domain.cron import Cron
from domain.rule import Rule, read_rule, rule_to_data

Record = TypeVar("Record")

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What `decode` raises of a text that `encode` did not make of one of the kind."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _from_change(change: StateChange) -> dict[str, Any]:
    return {
        "number": change.number,
        "kind": change.kind,
        "state": change.state,
        "at": change.at.isoformat(),
        "reason": change.reason,
        "written_with": change.written_with,
    }


def _to_change(data: Mapping[str, Any], _: object) -> StateChange:
    return StateChange(
        number=data["number"],
        kind=ChangeKind(data["kind"]),
        state=CampaignState(data["state"]),
        at=datetime.fromisoformat(data["at"]),
        reason=data.get("reason"),
        written_with=data["written_with"],
    )


def _to_rule(data: object, _: object) -> Rule | None:
    return None if data is None else read_rule(data)


def _converter() -> JsonConverter:
    converter = make_converter(omit_if_default=True, detailed_validation=False)
    # One of its annotations has a name that is there for type checkers alone.
    converter.register_unstructure_hook(StateChange, _from_change)
    converter.register_structure_hook(StateChange, _to_change)
    # What people write says all of it.
    converter.register_unstructure_hook(Cron, lambda cron: cron.text)
    converter.register_structure_hook(Cron, lambda text, _: Cron.of(text))
    # Nothing but its one key tells one kind of rule from another.
    for kind in get_args(Rule):
        converter.register_unstructure_hook(kind, rule_to_data)
    converter.register_structure_hook_func(lambda kind: kind == Rule | None, _to_rule)
    return converter


_CONVERTER = _converter()


def to_data(record: object) -> Any:  # noqa: ANN401  JSON
    """What JSON has for it."""
    return _CONVERTER.unstructure(record)


def encode(record: object) -> str:
    """A dataclass, or a tuple of them, as JSON."""
    return _encode(to_data(record))


def decode(text: str, kind: type[Record]) -> Record:
    """What `encode` made of one of this `kind`."""
    return _CONVERTER.structure(json.loads(text), kind)
