"""Edit a template."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from domain.errors import NotFound, StaleRevision
from domain.identifiers import TemplateId
from domain.names import checked_name
from domain.ports.clock import Clock
from domain.ports.renderer import Renderer
from domain.ports.templates import TemplateRepository
from domain.template import Content, Template

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class EditTemplate:
    """Each edit is a version. A campaign that has started keeps what it started with."""

    templates: TemplateRepository
    renderer: Renderer
    clock: Clock

    def __call__(
        self,
        template_id: TemplateId,
        name: str,
        content: Content,
        *,
        versions: Collection[int] | None = None,
    ) -> Template:
        """The template as stored; only one of `versions` is edited, if given.

        What would change nothing makes no version. Raises InvalidInput, NotFound, StaleRevision
        and VersionConflict.
        """
        before = self.templates.get(template_id)
        if before is None:
            raise NotFound("template", template_id)
        if versions is not None and before.version not in versions:
            raise StaleRevision("template", before.version)
        self.renderer.variables(content)
        edited = before.edit(checked_name(name), content, self.clock.now())
        if edited is not before:
            self.templates.save(edited, before)
            logger.info("Template edited", extra={"version": edited.version})
        return edited
