"""A row of a CSV file as a contact, or the reason why it is none."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.contact import Consent, ContactDraft, Origin
from domain.contact_import import CsvLayout, ImportPlan, RefusedRow
from domain.csv_cells import value_of
from domain.csv_layout import ADDRESS, OWN, targets_of
from domain.csv_rows import CsvRow
from domain.errors import InvalidInput
from domain.identifiers import JobId
from domain.merge_fields import checked_fields


@dataclass(frozen=True)
class RowReader:
    """Of one import. `targets` are what the columns of its file are for, in their order."""

    import_id: JobId
    plan: ImportPlan
    header: tuple[str, ...]
    targets: tuple[str | None, ...]

    @classmethod
    def of(cls, import_id: JobId, plan: ImportPlan, layout: CsvLayout) -> "RowReader":
        """Raises InvalidInput."""
        return cls(import_id, plan, layout.header, targets_of(plan, layout.header))

    def read(self, row: CsvRow) -> ContactDraft | RefusedRow:
        """Cells are trimmed; an empty one leaves what a known contact has."""
        if row.fault is not None:
            return RefusedRow(row.line, row.fault, row.cells)
        given = {
            target: cell
            for target, cell in zip(self.targets, map(str.strip, row.cells), strict=False)
            if target is not None and cell
        }
        try:
            draft = ContactDraft.of(
                _address(given),
                {name: value_of(cell) for name, cell in given.items() if name not in OWN},
                given.get("locale"),
                given.get("time_zone"),
                self._consent(given),
            )
        except InvalidInput as error:
            return RefusedRow(row.line, f"{self._column(error.field)}: {error.detail}", row.cells)
        return replace(draft, adds=True, origin=Origin(self.import_id, row.line))

    def _consent(self, given: dict[str, str]) -> Consent | None:
        source, at = given.get("consent_source"), given.get("consent_at")
        if source is None and at is None:
            return self.plan.consent
        if source is None or at is None:
            missing = "consent_source" if source is None else "consent_at"
            raise InvalidInput(
                missing, "Consent needs both its source and its time; give both, or neither."
            )
        try:
            moment = datetime.fromisoformat(at)
            return Consent.of(source, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:
            raise InvalidInput(
                "consent_at", "No time; write it as 2026-11-29 or 2026-11-29T09:00:00Z."
            ) from error

    def _column(self, field: str) -> str:
        """As the file calls it."""
        target = {"consent/source": "consent_source"}.get(field, field.removeprefix("fields/"))
        return self.header[self.targets.index(target)] if target in self.targets else target


def _address(given: dict[str, str]) -> str:
    address = given.get(ADDRESS)
    if address is None:
        raise InvalidInput(ADDRESS, "There is no address; each row needs one.")
    return address


def merged(earlier: ContactDraft, later: ContactDraft) -> ContactDraft:
    """Two rows of one address as one: what the later has, and what only the earlier has.

    Raises InvalidInput where the fields are too many together.
    """
    return replace(
        later,
        fields=checked_fields({**earlier.fields, **later.fields}),
        locale=later.locale or earlier.locale,
        time_zone=later.time_zone or earlier.time_zone,
        consent=later.consent or earlier.consent,
    )
