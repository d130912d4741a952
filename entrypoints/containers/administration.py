"""What administration runs on, wherever it is kept."""

from dataclasses import dataclass

from domain.ports.api_keys import ApiKeys
from domain.ports.clock import Clock
from domain.ports.ids import Ids


@dataclass(frozen=True)
class ApiKeyAdministration:
    """What issuing and revoking keys runs on."""

    api_keys: ApiKeys
    clock: Clock
    ids: Ids
