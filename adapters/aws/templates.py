"""Templates in DynamoDB."""

from adapters.aws.audience_records import item_to_template, template_to_item
from adapters.aws.keys import template_key
from adapters.aws.listing import page_of
from adapters.aws.table import Table, put_new
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import TemplateId
from domain.ports.templates import TemplatePage
from domain.template import Template


class DynamoDBTemplateRepository:
    """Implements `domain.ports.templates.TemplateRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, template: Template) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(template_to_item(template)))
        except VersionConflict as error:
            raise AlreadyExists("template", template.template_id) from error

    def get(self, template_id: TemplateId) -> Template | None:
        """A consistent GetItem."""
        item = self._table.get(template_key(template_id))
        return None if item is None else item_to_template(item)

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """From the index `listing`."""
        items, following = page_of(
            self._table,
            index="listing",
            attribute="listing",
            value="templates",
            key_of=lambda listing_id: template_key(TemplateId(listing_id)),
            limit=limit,
            cursor=cursor,
        )
        return TemplatePage(tuple(item_to_template(item) for item in items), following)
