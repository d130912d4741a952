"""Create a template."""

from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.identifiers import NAMED_ID, TemplateId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.renderer import Renderer
from domain.ports.templates import TemplateRepository
from domain.template import Content, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTemplate:
    """Only content that compiles is kept."""

    templates: TemplateRepository
    renderer: Renderer
    clock: Clock
    ids: Ids

    def __call__(self, name: str, content: Content, template_id: str | None = None) -> Template:
        """`template_id` names it, if given. Raises InvalidInput, AlreadyExists."""
        if template_id is not None and not NAMED_ID.fullmatch(template_id):
            raise InvalidInput(
                "template_id", "Letters, digits, - and _, at most 64, a letter or digit first."
            )
        self.renderer.variables(content)
        template = Template(
            template_id=TemplateId(template_id) if template_id else self.ids.template_id(),
            name=name,
            content=content,
            created_at=self.clock.now(),
        )
        self.templates.add(template)
        return template
