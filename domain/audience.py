"""Whom a campaign is for, in the shape in which they are found.

Where everybody must be in a static segment, its members are gone through, else all contacts; a
rule then says which of them it is.
"""

from dataclasses import dataclass

from domain.identifiers import SegmentId
from domain.rule import AllOf, InSegment, Rule


@dataclass(frozen=True)
class Audience:
    """`walked` is the static segment to go through, None all contacts; `rule` names static ones."""

    walked: SegmentId | None
    rule: Rule

    @classmethod
    def of(cls, rule: Rule) -> "Audience":
        """Of a rule that names static segments only."""
        parts = _parts(rule)
        for index, part in enumerate(parts):
            if isinstance(part, InSegment):
                return cls(part.segment_id, AllOf((*parts[:index], *parts[index + 1 :])))
        return cls(None, AllOf(parts))

    @property
    def is_whole(self) -> bool:
        """Whether it is everybody who is gone through."""
        return self.rule == AllOf(())


def _parts(rule: Rule) -> tuple[Rule, ...]:
    """What has to hold, all of it."""
    if isinstance(rule, AllOf):
        return tuple(part for each in rule.rules for part in _parts(each))
    return (rule,)
