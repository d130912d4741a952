"""Where templates are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.identifiers import TemplateId
from domain.template import Template, TemplateSummary


@dataclass(frozen=True)
class TemplatePage:
    """Templates by id. `cursor` reads on; None when there are no more."""

    templates: tuple[TemplateSummary, ...]
    cursor: str | None


class TemplateRepository(Protocol):
    """Every version of every template. Every method raises DependencyFault and may be repeated."""

    def add(self, template: Template) -> None:
        """Write a new template. Raises AlreadyExists if the id is taken."""
        ...

    def save(self, template: Template, before: Template) -> None:
        """Write the version that follows `before`, which stays. Raises VersionConflict.

        A conflict where `before` is not the current version: somebody else edited it first.
        """
        ...

    def get(self, template_id: TemplateId) -> Template | None:
        """Its current version; strongly consistent."""
        ...

    def version(self, template_id: TemplateId, number: int) -> Template | None:
        """One version; None where there is none, or not yet."""
        ...

    def versions(
        self, template_id: TemplateId, before: int | None, limit: int
    ) -> Sequence[TemplateSummary]:
        """Versions, newest first, from the one below `before` or the current one; no gaps."""
        ...

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """Current versions by id. Raises InvalidInput naming `cursor`."""
        ...
