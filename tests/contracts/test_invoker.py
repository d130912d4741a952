"""The contract of `domain.ports.invoker`."""

from domain.start import StartRequest, Trigger
from tests.contracts.eventually import eventually
from tests.contracts.family import Family


def test_an_accepted_invocation_starts_the_campaign(family: Family) -> None:
    """Elsewhere and later, as a direct one."""
    wanted = StartRequest(family.ids.campaign_id(), Trigger.DIRECT)

    family.invoker.start(wanted.campaign_id)

    assert eventually(lambda: [each for each in family.started() if each == wanted])


def test_starting_twice_is_two_invocations(family: Family) -> None:
    """The start is idempotent, not the invoker."""
    wanted = StartRequest(family.ids.campaign_id(), Trigger.DIRECT)
    started: list[StartRequest] = []

    family.invoker.start(wanted.campaign_id)
    family.invoker.start(wanted.campaign_id)

    def both() -> bool:
        started.extend(each for each in family.started() if each == wanted)
        return len(started) == 2

    eventually(both)
