"""Templates in memory."""

from collections.abc import Sequence

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import TemplateId
from domain.ports.templates import TemplatePage
from domain.template import Template, TemplateSummary


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

    def save(self, template: Template, before: Template) -> None:
        """By version; the one before joins those of old."""
        with self._database.lock:
            stored = self._database.templates.get(template.template_id)
            if stored is None or stored.version != before.version:
                raise VersionConflict(f"template {template.template_id}")
            self._database.old_templates[template.template_id, stored.version] = stored
            self._database.templates[template.template_id] = template

    def get(self, template_id: TemplateId) -> Template | None:
        """The current one."""
        return self._database.templates.get(template_id)

    def version(self, template_id: TemplateId, number: int) -> Template | None:
        """The current one, or one of old."""
        with self._database.lock:
            current = self._database.templates.get(template_id)
            if current is not None and current.version == number:
                return current
            return self._database.old_templates.get((template_id, number))

    def versions(
        self, template_id: TemplateId, before: int | None, limit: int
    ) -> Sequence[TemplateSummary]:
        """Counted down."""
        with self._database.lock:
            current = self._database.templates.get(template_id)
            if current is None:
                return []
            newest = current.version if before is None else min(current.version, before - 1)
            numbers = range(newest, max(0, newest - limit), -1)
            found = [self.version(template_id, number) for number in numbers]
            return [each.summary for each in found if each is not None]

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """By id."""
        with self._database.lock:
            keys, following = page_of(self._database.templates, limit, cursor)
            return TemplatePage(
                tuple(self._database.templates[key].summary for key in keys), following
            )
