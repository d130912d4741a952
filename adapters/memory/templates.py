"""Templates in memory."""

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.errors import AlreadyExists
from domain.identifiers import TemplateId
from domain.ports.templates import TemplatePage
from domain.template import Template


class MemoryTemplateRepository:
    """Implements `domain.ports.templates.TemplateRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, template: Template) -> None:
        """New ones only."""
        with self._database.lock:
            if template.template_id in self._database.templates:
                raise AlreadyExists("template", template.template_id)
            self._database.templates[template.template_id] = template

    def get(self, template_id: TemplateId) -> Template | None:
        """The template."""
        return self._database.templates.get(template_id)

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """By id."""
        with self._database.lock:
            keys, following = page_of(self._database.templates, limit, cursor)
            return TemplatePage(tuple(self._database.templates[key] for key in keys), following)
