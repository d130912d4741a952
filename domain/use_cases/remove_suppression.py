"""Take an address off the suppression list."""

import logging
from dataclasses import dataclass

from domain.errors import NotFound
from domain.identifiers import NAMED_ID, SuppressionId
from domain.ports.suppressions import SuppressionRepository

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RemoveSuppression:
    """Somebody who may not want it is mailed again: the log says at whose request.

    What the reader asked for by the link stays, unless it is the entry itself that is taken off.
    """

    suppressions: SuppressionRepository

    def __call__(self, suppression_id: SuppressionId, asked_by: str | None) -> None:
        """`asked_by` is the id of an API key. Raises NotFound, DependencyFault."""
        is_id = NAMED_ID.fullmatch(suppression_id) is not None
        removed = self.suppressions.remove(suppression_id) if is_id else None
        if removed is None:
            raise NotFound("suppression", suppression_id)
        logger.warning(
            "Suppression removed",
            extra={
                "suppression_id": suppression_id,
                "reason": removed.reason,
                "scope": removed.scope,
                "api_key_id": asked_by,
            },
        )
