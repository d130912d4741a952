"""What running and cancelling an export share: taking away what was written of its file."""

import logging

from domain.contact_export import ContactExport
from domain.errors import DependencyFault
from domain.ports.object_store import ObjectStore

logger = logging.getLogger(__name__)


def discard_file(object_store: ObjectStore, export: ContactExport) -> None:
    """Parts, remainder and file. What cannot be reached goes by itself, as all objects do."""
    try:
        if export.writing_id is not None:
            object_store.abandon(export.object_name, export.writing_id)
        object_store.delete(export.object_name)
    except DependencyFault as fault:
        _log(export, fault)
    discard_remainder(object_store, export)


def discard_remainder(object_store: ObjectStore, export: ContactExport) -> None:
    """The rows that were in no part, once they are, or are not needed any more."""
    if export.remainder_name is None:
        return
    try:
        object_store.delete(export.remainder_name)
    except DependencyFault as fault:
        _log(export, fault)


def _log(export: ContactExport, fault: DependencyFault) -> None:
    logger.warning(
        "Some of the export's file stays until it is old: %s",
        fault,
        extra={"job_id": export.job_id},
    )
