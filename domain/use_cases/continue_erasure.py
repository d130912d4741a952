"""Go on with an erasure that broke off."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from domain.errors import NotFound
from domain.identifiers import ContactId
from domain.use_cases.erase_contact import MAX_DURATION, EraseContact

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ContinueErasure:
    """What the reconciler has run-job do; whoever asked for the erasure need not ask again."""

    erase: EraseContact

    def __call__(self, contact_id: ContactId, time_left: timedelta = MAX_DURATION) -> None:
        """As far as the time goes; the reconciler comes again for what is left.

        One that has ended is left alone. Raises DependencyFault: it may be repeated.
        """
        log = {"contact_id": contact_id}
        try:
            if not self.erase(contact_id, time_left):
                logger.info("Not erased everywhere yet; the reconciler goes on", extra=log)
        except NotFound:
            logger.info("Erased before", extra=log)
