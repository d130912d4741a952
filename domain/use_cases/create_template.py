"""Create a template."""

from dataclasses import dataclass

from domain.errors import AlreadyExists
from domain.idempotency import IdempotencyRecord
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

    def __call__(
        self,
        name: str,
        content: Content,
        template_id: str | None = None,
        record: IdempotencyRecord | None = None,
    ) -> Template:
        """`template_id` names it, if given. Raises InvalidInput, AlreadyExists.

        With a `record` it is the same at every try, and one that is there by an earlier try is the
        answer.
        """
        self.renderer.variables(content)
        now = self.clock.now() if record is None else record.began_at
        template = Template(
            template_id=(
                self._new_id(record)
                if template_id is None
                else TemplateId(chosen_id("template_id", template_id))
            ),
            name=checked_name(name),
            content=content,
            created_at=now,
            updated_at=now,
        )
        try:
            self.templates.add(template)
        except AlreadyExists:
            is_repeat = record is not None and record.is_repeat
            if not is_repeat or self.templates.version(template.template_id, 1) != template:
                raise
        return template

    def _new_id(self, record: IdempotencyRecord | None) -> TemplateId:
        fresh_id = self.ids.template_id()
        return fresh_id if record is None else TemplateId(record.named(fresh_id))
