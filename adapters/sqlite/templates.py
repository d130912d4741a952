"""Templates in SQLite."""

import sqlite3
from collections.abc import Sequence

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import check_cursor, page_of
from adapters.sqlite.records import decode, encode
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import TemplateId
from domain.ports.templates import TemplatePage
from domain.template import Template, TemplateSummary


class SqliteTemplateRepository:
    """Implements `domain.ports.templates.TemplateRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, template: Template) -> None:
        """New ones only."""
        with self._database.writing() as connection:
            inserted = connection.execute(
                "INSERT INTO templates (template_id, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (template.template_id, template.version),
            )
            if inserted.rowcount == 0:
                raise AlreadyExists("template", template.template_id)
            _insert_version(connection, template)

    def save(self, template: Template, before: Template) -> None:
        """By version."""
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE templates SET version = ? WHERE template_id = ? AND version = ?",
                (template.version, template.template_id, before.version),
            )
            if updated.rowcount == 0:
                raise VersionConflict(f"template {template.template_id}")
            _insert_version(connection, template)

    def get(self, template_id: TemplateId) -> Template | None:
        """The current one."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM templates JOIN template_versions USING (template_id, version)"
                " WHERE template_id = ?",
                (template_id,),
            ).fetchone()
        return None if row is None else decode(row[0], Template)

    def version(self, template_id: TemplateId, number: int) -> Template | None:
        """The current one, or one of old."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM template_versions WHERE template_id = ? AND version = ?",
                (template_id, number),
            ).fetchone()
        return None if row is None else decode(row[0], Template)

    def versions(
        self, template_id: TemplateId, before: int | None, limit: int
    ) -> Sequence[TemplateSummary]:
        """Counted down."""
        condition = "" if before is None else " AND version < :before"
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT summary FROM template_versions"  # noqa: S608  no value
                f" WHERE template_id = :template_id{condition} ORDER BY version DESC LIMIT :limit",
                {"template_id": template_id, "before": before, "limit": limit},
            ).fetchall()
        return [decode(summary, TemplateSummary) for (summary,) in rows]

    def page(self, limit: int, cursor: str | None) -> TemplatePage:
        """By id."""
        with self._database.reading() as connection:
            check_cursor(connection, "templates", "template_id", cursor)
            rows = connection.execute(
                "SELECT template_id, summary FROM templates"
                " JOIN template_versions USING (template_id, version)"
                " WHERE template_id > ? ORDER BY template_id LIMIT ?",
                (cursor or "", limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return TemplatePage(tuple(decode(each, TemplateSummary) for each in page), following)


def _insert_version(connection: sqlite3.Connection, template: Template) -> None:
    connection.execute(
        "INSERT INTO template_versions (template_id, version, summary, record) VALUES (?, ?, ?, ?)",
        (template.template_id, template.version, encode(template.summary), encode(template)),
    )
