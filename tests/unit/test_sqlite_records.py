"""What SQLite keeps of a domain value is all of it."""

import ast
import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adapters import sqlite
from adapters.sqlite.records import decode, encode
from domain.access import ApiKey
from domain.admission import Admissions
from domain.campaign import Campaign
from domain.campaign_history import StateChange
from domain.chunk import Chunk, ChunkRef
from domain.contact import Contact
from domain.contact_export import ContactExport
from domain.contact_import import ContactImport
from domain.erasure import Erasure
from domain.fan_out import FanOutRange
from domain.grants import GrantLog
from domain.idempotency import IdempotencyRecord
from domain.identifiers import ContactId
from domain.merge_fields import MergeFields
from domain.path_line import PathLine
from domain.provider_event import ProviderEvent
from domain.recipient import Recipient
from domain.segment import Segment
from domain.series import Series
from domain.start import StartRequest
from domain.suppression import SuppressionEntry
from domain.tally import Tally
from domain.template import Content, Template, TemplateSummary
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import WebhookDelivery
from tests.unit.dataclass_values import values_of

FOUND = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without looking for a smaller example: that takes minutes, and the field is seen in any."""
KINDS: list[type[Any]] = [
    Admissions,
    ApiKey,
    Campaign,
    Chunk,
    ChunkRef,
    Contact,
    ContactExport,
    ContactImport,
    Content,
    Erasure,
    FanOutRange,
    GrantLog,
    IdempotencyRecord,
    PathLine,
    ProviderEvent,
    Recipient,
    Segment,
    Series,
    StartRequest,
    StateChange,
    SuppressionEntry,
    Tally,
    Template,
    TemplateSummary,
    WebhookDelivery,
    WebhookEndpoint,
]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, phases=FOUND)
@given(data=st.data())
def test_what_was_written_is_read(kind: type[Any], data: st.DataObject) -> None:
    """Of every kind, whatever its fields are; 1, 1.0 and true, which are equal, stay themselves."""
    value = data.draw(values_of(kind))

    read = decode(encode(value), kind)

    assert read == value
    assert repr(read) == repr(value)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, phases=FOUND)
@given(data=st.data())
def test_a_record_of_another_release_is_read(kind: type[Any], data: st.DataObject) -> None:
    """What it does not have yet has its default; what it has besides is passed over."""
    value = data.draw(values_of(kind))
    record = {**json.loads(encode(value)), "newer": {"than": "this"}}

    for each in fields(kind):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        if default is MISSING:
            continue
        older = json.dumps({name: kept for name, kept in record.items() if name != each.name})
        assert decode(older, kind) == replace(value, **{each.name: default})


def test_fields_keep_their_types() -> None:
    """By which a comparison, and a mail, tell them apart."""
    given_fields: MergeFields = {
        "a": 1,
        "b": 1.0,
        "c": True,
        "d": "1",
        "e": 0,
        "f": 0.0,
        "g": False,
        "h": "",
    }
    contact = Contact(ContactId("con_1"), "ann@example.com", given_fields)

    read = decode(encode(contact), Contact).fields

    assert [(type(each), each) for each in read.values()] == [
        (type(each), each) for each in given_fields.values()
    ]


def test_every_kind_that_is_read_is_tried() -> None:
    """A kind of record that is new to the family has to be named above."""
    assert _kinds_read() - {"Record", "JobKind"} <= {kind.__name__ for kind in KINDS}
    assert "Contact" in _kinds_read()


def _kinds_read() -> set[str]:
    """The second arguments of `decode`, by name, in the whole family."""
    (folder,) = sqlite.__path__
    sources = [ast.parse(each.read_text()) for each in Path(folder).glob("*.py")]
    calls = [each for source in sources for each in ast.walk(source) if isinstance(each, ast.Call)]
    return {
        name
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "decode"
        for name in _names_in(call.args[1])
    }


def _names_in(annotation: Any) -> set[str]:  # noqa: ANN401  an expression
    named = {each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)}
    return {name for name in named if name[0].isupper()}
