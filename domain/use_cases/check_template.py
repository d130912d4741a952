"""Check a template: what it merges, and what its author should know."""

import logging
from dataclasses import dataclass

from domain.errors import DependencyFault
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.contacts import ContactRepository
from domain.ports.renderer import Renderer
from domain.template import Content
from domain.template_warnings import TemplateWarning, warnings_of

logger = logging.getLogger(__name__)

_LOOKED_AT = 25


@dataclass(frozen=True)
class Checked:
    """`variables` in order of their names."""

    variables: tuple[str, ...]
    warnings: tuple[TemplateWarning, ...]


@dataclass(frozen=True, kw_only=True)
class CheckTemplate:
    """Never keeps anybody from sending it."""

    renderer: Renderer
    contacts: ContactRepository

    def __call__(self, content: Content) -> Checked:
        """Its variables are compared with the fields of a few contacts, where there are any."""
        seen = self._fields_seen()
        names = self.renderer.variables(content) - (self.renderer.functions - (seen or frozenset()))
        return Checked(tuple(sorted(names)), warnings_of(content, names, seen))

    def _fields_seen(self) -> frozenset[str] | None:
        """Of a few contacts; None where nobody can be looked at."""
        lower, upper = WHOLE_KEY_SPACE
        try:
            page = self.contacts.page(lower=lower, upper=upper, after=None, limit=_LOOKED_AT)
        except DependencyFault as fault:
            logger.warning("No contacts to compare with: %s", fault)
            return None
        if not page.contacts:
            return None
        return frozenset(name for contact in page.contacts for name in contact.fields)
