"""A campaign in local time on the emulator: asked for over HTTP, mailed wave by wave."""

from datetime import UTC, datetime, timedelta

from dependency_injector import providers

from domain.campaign import CampaignState
from domain.contact import ContactDraft
from domain.fan_out import Wave
from domain.identifiers import CampaignId
from tests.contracts.settable_clock import SettableClock
from tests.integration.deployed import EVERYONE, Deployed

BEFORE_THE_CHANGE = datetime(2027, 3, 28, 0, 45, tzinfo=UTC)
"""Clocks go forward at 01:00 UTC: Berlin has no 02:10, Helsinki has had it, London has yet to."""
BERLIN = datetime(2027, 3, 28, 1, tzinfo=UTC)
LONDON = datetime(2027, 3, 28, 1, 10, tzinfo=UTC)
HOMES = {"hel": "Europe/Helsinki", "ber": "Europe/Berlin", "lon": "Europe/London", "nil": None}


def test_each_wave_goes_out_when_it_is_due(deployed: Deployed) -> None:
    """Around a change of clocks; who is messaged early is not mailed early, and nobody twice."""
    clock = SettableClock(BEFORE_THE_CHANGE)
    deployed.family.clock.override(providers.Object(clock))
    contacts = deployed.container.put_contacts()(
        [
            ContactDraft.of(f"{name}@example.com", {"name": name}, time_zone=home)
            for name, home in HOMES.items()
        ]
    )
    deployed.container.add_members()(EVERYONE, [each.contact_id for each in contacts])

    answer = deployed.post(
        {"schedule_at": "2027-03-28T02:10", "timezone": "Europe/London", "local_time": True}
    )

    assert answer.status_code == 202
    assert "passed already" in answer.json()["warning"]
    campaign_id = CampaignId(answer.json()["campaign_id"])
    deployed.run_starts()
    deployed.run_workers()
    assert mailed(deployed) == {"hel"}
    waves = deployed.progress(campaign_id).waves
    assert waves == (Wave(waves[0].at, 1), Wave(BERLIN, 1), Wave(LONDON, 2))

    deployed.enqueue_again(campaign_id)
    deployed.run_workers()
    deployed.container.reconcile()()
    deployed.run_workers()
    assert mailed(deployed) == {"hel"}

    for moment, everybody in ((BERLIN, {"hel", "ber"}), (LONDON, HOMES.keys())):
        clock.sleep(moment - clock.now() - timedelta(seconds=1))
        deployed.container.reconcile()()
        deployed.run_workers()
        assert mailed(deployed) < everybody
        clock.sleep(timedelta(seconds=1))
        deployed.container.reconcile()()
        deployed.run_workers()
        assert mailed(deployed) == everybody
    assert deployed.campaign(campaign_id).state is CampaignState.SENT
    assert deployed.counts_as_sent(campaign_id, len(HOMES))


def mailed(deployed: Deployed) -> set[str]:
    """Who has a mail, each just one, by name."""
    mails = deployed.mails()
    assert set(mails.values()) <= {1}
    return {address.partition("@")[0] for address in mails}
