"""Loading the demo into whatever store stands behind the use cases."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

from domain.contact import ContactDraft
from domain.errors import AlreadyExists
from domain.identifiers import SegmentId
from domain.ports.segments import SegmentRepository
from domain.use_cases.add_members import MAX_MEMBERS
from domain.use_cases.create_segment import CreateSegment
from domain.use_cases.create_template import CreateTemplate
from domain.use_cases.put_contacts import MAX_CONTACTS, PutContacts
from entrypoints.local.demo.people import demo_contacts, is_active, is_vip
from entrypoints.local.demo.templates import TEMPLATES, content_of

Item = TypeVar("Item")

_AT_ONCE = 4
"""Batches under way at once: an emulator works while this process prepares the next."""


@dataclass(frozen=True, slots=True)
class DemoSegment:
    """A segment of the demo and who is in it."""

    segment_id: SegmentId
    name: str
    includes: Callable[[ContactDraft], bool]


SEGMENTS = (
    DemoSegment(SegmentId("vip-customers"), "Gold customers", is_vip),
    DemoSegment(SegmentId("all-active"), "Everybody who ordered lately", is_active),
    DemoSegment(SegmentId("all-subscribers"), "Everybody", lambda _: True),
)
"""Each holds the ones before it."""


def load_demo(
    create_template: CreateTemplate,
    create_segment: CreateSegment,
    put_contacts: PutContacts,
    segments: SegmentRepository,
) -> None:
    """Put the templates, people and segments where campaigns find them. Raises DependencyFault.

    Repeat it at will: after a fault it completes what is there. A template of that id stays as it
    is; the demo's own contacts and memberships are set back to what they were.
    """
    for template_id, name in TEMPLATES.items():
        with suppress(AlreadyExists):
            create_template(name, content_of(template_id), template_id)

    drafts = demo_contacts()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        contacts = list(chain.from_iterable(pool.map(put_contacts, _batches(drafts, MAX_CONTACTS))))
        for segment in SEGMENTS:
            with suppress(AlreadyExists):
                create_segment(segment.name, segment.segment_id)
            members = [
                contact.contact_id
                for draft, contact in zip(drafts, contacts, strict=True)
                if segment.includes(draft)
            ]
            add = partial(segments.add_members, segment.segment_id)
            # By the repository: that these contacts exist needs no look.
            # Consumed, so that a fault in any of them is raised here.
            list(pool.map(add, _batches(members, MAX_MEMBERS)))


def _batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
