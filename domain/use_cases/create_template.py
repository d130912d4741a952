"""Create a template."""

from dataclasses import dataclass

from domain.identifiers import TemplateId, chosen_id
from domain.names import checked_name
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.renderer import Renderer
from domain.ports.templates import TemplateRepository
from domain.template import Content, Template


@dataclass(frozen=True, kw_only=True)
class CreateTemplate:
    """Only content that compiles is kept."""

    templates: TemplateRepository
    renderer: Renderer
    clock: Clock
    ids: Ids

    def __call__(self, name: str, content: Content, template_id: str | None = None) -> Template:
        """`template_id` names it, if given. Raises InvalidInput, AlreadyExists."""
        self.renderer.variables(content)
        template = Template(
            template_id=(
                self.ids.template_id()
                if template_id is None
                else TemplateId(chosen_id("template_id", template_id))
            ),
            name=checked_name(name),
            content=content,
            created_at=self.clock.now(),
        )
        self.templates.add(template)
        return template
