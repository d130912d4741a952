"""Show whom a rule means, before or after it is saved."""

from dataclasses import dataclass

from domain.audience import Audience
from domain.contact import Contact
from domain.contact_status import ContactStatus, status_of
from domain.errors import NotFound
from domain.identifiers import SegmentId
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.rule import Rule
from domain.use_cases.audience_walk import CONTACTS_A_READ, AudienceWalk

SAMPLE_SIZE = 10
READS = 20
"""Of CONTACTS_A_READ each: enough for 10,000 contacts, and within a request's time."""


@dataclass(frozen=True)
class SegmentPreview:
    """How many fit, and some of them: the first in the order of fan-out.

    Where not everybody was looked at, there are `count` at the least.
    """

    count: int
    is_exact: bool
    looked_at: int
    sample: tuple[tuple[Contact, ContactStatus], ...]


@dataclass(frozen=True, kw_only=True)
class PreviewSegment:
    """As of now; a campaign looks again as it starts."""

    segments: SegmentRepository
    contacts: ContactRepository
    suppressions: SuppressionRepository
    clock: Clock

    def __call__(self, what: Rule | SegmentId) -> SegmentPreview:
        """Of a rule, or of a segment of either kind.

        Raises NotFound, InvalidInput and DependencyFault.
        """
        walk = AudienceWalk(self.segments, self.contacts)
        return self._preview(walk, self._audience(walk, what))

    def _audience(self, walk: AudienceWalk, what: Rule | SegmentId) -> Audience:
        if not isinstance(what, str):
            return walk.audience_of(what)
        if self.segments.get(what) is None:
            raise NotFound("segment", what)
        return walk.audience(what)[0]

    def _preview(self, walk: AudienceWalk, audience: Audience) -> SegmentPreview:
        lower, upper = WHOLE_KEY_SPACE
        today = self.clock.now().date()
        count = looked_at = 0
        sample: tuple[Contact, ...] = ()
        after = None
        for _ in range(READS):
            page = walk.page(
                audience,
                lower=lower,
                upper=upper,
                after=after,
                limit=CONTACTS_A_READ,
                today=today,
                reads=1,
            )
            count += len(page.contacts)
            looked_at += page.looked_at
            sample = (*sample, *page.contacts)[:SAMPLE_SIZE]
            after = page.cursor
            if after is None:
                break
        suppressed = self.suppressions.find([each.address for each in sample])
        return SegmentPreview(
            count,
            after is None,
            looked_at,
            tuple((each, status_of(each, suppressed.get(each.address))) for each in sample),
        )
