"""Templates in DynamoDB."""

from collections.abc import Sequence

from adapters.aws.keys import template_key, template_version_key
from adapters.aws.listing import page_of
from adapters.aws.table import Item, Put, Table, put_new
from adapters.aws.template_records import (
    item_to_template_summary,
    item_to_template_version,
    template_to_item,
    template_version_to_item,
)
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import TemplateId
from domain.ports.templates import TemplatePage
from domain.template import Template, TemplateSummary


class DynamoDBTemplateRepository:
    """Implements `domain.ports.templates.TemplateRepository`.

    A template written before there were versions is one record, with its only version in it, until
    it is edited.
    """

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, template: Template) -> None:
        """The template and its version, by one transaction."""
        try:
            self._table.transact(
                [put_new(template_to_item(template)), Put(template_version_to_item(template))]
            )
        except VersionConflict as error:
            raise AlreadyExists("template", template.template_id) from error

    def save(self, template: Template, before: Template) -> None:
        """The template by version and the new version, by one transaction.

        The first edit writes the first version, too: it may have been within the template.
        """
        versions = [template]
        condition = "#version = :expected"
        if before.version == 1:
            versions = [before, template]
            condition += " OR (attribute_exists(pk) AND attribute_not_exists(#version))"
        self._table.transact(
            [
                Put(
                    template_to_item(template),
                    condition,
                    {"#version": "version"},
                    {":expected": before.version},
                ),
                *(Put(template_version_to_item(each)) for each in versions),
            ]
        )

    def get(self, template_id: TemplateId) -> Template | None:
        """A consistent Query of one record: the last is the newest version."""
        item = next(iter(self._newest_first(template_id, None, 1)), None)
        return None if item is None else item_to_template_version(item)

    def version(self, template_id: TemplateId, number: int) -> Template | None:
        """A consistent GetItem; a second one where it might be within the template."""
        item = self._table.get(template_version_key(template_id, number))
        if item is None and number == 1:
            item = self._table.get(template_key(template_id))
        return None if item is None else item_to_template_version(item)

    def versions(
        self, template_id: TemplateId, before: int | None, limit: int
    ) -> Sequence[TemplateSummary]:
        """A consistent Query, backwards."""
        return [
            item_to_template_version(item).summary
            for item in self._newest_first(template_id, before, limit)
        ]

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
        return TemplatePage(tuple(item_to_template_summary(item) for item in items), following)

    def _newest_first(
        self, template_id: TemplateId, before: int | None, limit: int
    ) -> Sequence[Item]:
        """Records that hold a version; the template itself is the last of all, and may be one."""
        if before == 1:
            return []
        pk, first = template_key(template_id)
        last = template_version_key(template_id, before - 1)[1] if before else "VERSION#~"
        items = list(
            self._table.query(
                "pk = :pk AND sk BETWEEN :first AND :last",
                {":pk": pk, ":first": first, ":last": last},
                consistent=True,
                backwards=True,
                limit=limit,
            )
        )
        return [item for item in items if "html" in item]
