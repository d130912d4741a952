"""Which campaigns of a list are wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.campaign import Campaign, CampaignCategory, CampaignState
from domain.errors import InvalidInput
from domain.identifiers import SegmentId, TemplateId
from domain.path_policy import ExecutionPath

_PREFIX = "cmp_"
_AFTER_ALL = "cmp_~"
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, in which a ULID is written: it sorts as it counts."""
_TIME_DIGITS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class CampaignFilter:
    """None asks for nothing.

    `created_after` and those later, before `created_before`: by the time in their ids, which is
    that of the request that created them, in whole milliseconds.
    """

    state: CampaignState | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    segment_id: SegmentId | None = None
    template_id: TemplateId | None = None
    execution_path: ExecutionPath | None = None
    category: CampaignCategory | None = None

    def checked(self) -> "CampaignFilter":
        """Raises InvalidInput."""
        after, before = self.created_after, self.created_before
        if after is not None and before is not None and after >= before:
            raise InvalidInput("created_before", "It must be later than created_after.")
        return self

    @property
    def ids(self) -> tuple[str, str] | None:
        """From the first on, and before the second; None is all."""
        if self.created_after is None and self.created_before is None:
            return None
        lowest = _PREFIX if self.created_after is None else _first_id(self.created_after)
        end = _AFTER_ALL if self.created_before is None else _first_id(self.created_before)
        return lowest, end

    @property
    def is_by_index(self) -> bool:
        """Whether state and time say all: no campaign is read that is not wanted."""
        asked = (self.segment_id, self.template_id, self.execution_path, self.category)
        return all(each is None for each in asked)

    def matches(self, campaign: Campaign) -> bool:
        """Whether it fits what state and time do not say."""
        return (
            self.segment_id in {None, campaign.segment_id}
            and self.template_id in {None, campaign.template_id}
            and self.execution_path in {None, campaign.execution_path}
            and self.category in {None, campaign.category}
        )


def _first_id(moment: datetime) -> str:
    """What every id of that millisecond begins with: before all of them, after those of before."""
    count = max(0, (moment - _EPOCH) // _MILLISECOND)
    digits = []
    for _ in range(_TIME_DIGITS):
        count, digit = divmod(count, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return _PREFIX + "".join(reversed(digits))
