"""Where templates are kept."""

from dataclasses import dataclass
from typing import Protocol

from domain.identifiers import TemplateId
from domain.template import Template


@dataclass(frozen=True)
class TemplatePage:
    """Templates by id. `cursor` reads on; None when there are no more."""

    templates: tuple[Template, ...]
    cursor: str | None


class TemplateRepository(Protocol):
    """Every method raises DependencyFault and may be repeated."""

    def add(self, template: Template) -> None:
        """Write a new template. Raises AlreadyExists if the id is taken."""
        ...

    def get(self, template_id: TemplateId) -> Template | None:
        """The template; strongly consistent."""
        ...

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """Templates by id. Raises InvalidInput naming `cursor`."""
        ...
