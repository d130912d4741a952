"""Merging a person's fields into a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.recipient import Recipient
from domain.template import Content


@dataclass(frozen=True)
class Rendered:
    """What one person gets."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Unrenderable:
    """Why there is no mail for this person; holds none of the person's data."""

    reason: str


class Renderer(Protocol):
    """Pure: the same content and recipient give the same mail. Bounded in time and size.

    The variables are the recipient's fields, the content's defaults where there is no field of
    that name, and `email`. One that is missing makes the mail unrenderable, never a blank. HTML is
    escaped, subject and text are not.
    """

    @property
    def functions(self) -> frozenset[str]:
        """Names that are among `variables`, and are there without anybody's field of that name."""
        ...

    def variables(self, content: Content) -> frozenset[str]:
        """The names that `content` merges. Raises InvalidInput naming the part at fault."""
        ...

    def render(
        self, content: Content, recipients: Sequence[Recipient]
    ) -> Sequence[Rendered | Unrenderable]:
        """One result for each recipient, in order. Raises InvalidInput if it does not compile."""
        ...
