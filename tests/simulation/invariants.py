"""The invariants of docs/delivery.md, asked of a world in which everything has settled."""

from collections import Counter
from collections.abc import Iterator

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.grants import TOLERANCE
from domain.recipient import RecipientState
from domain.tally import Tally
from domain.use_cases.send_chunks import CLAIMED_AHEAD
from domain.use_cases.settle_unknown import GIVEN_UP
from tests.simulation.observed_sqlite import KINDS
from tests.simulation.ports import SECOND, microseconds
from tests.simulation.witness import DEFECT, Violation
from tests.simulation.world import BY_PEOPLE, World

_NEVER_ACCEPTED = frozenset(
    {RecipientState.FAILED, RecipientState.SUPPRESSED, RecipientState.SKIPPED}
)
_NEVER_FANNED_OUT = frozenset({CampaignState.EXPIRED, CampaignState.FAILED})


def broken(world: World) -> Iterator[Violation]:
    """What does not hold at the end."""
    yield from _at_most_one(world)
    yield from _none_after_a_halt(world)
    yield from _none_to_the_suppressed(world)
    yield from _all_ended(world)
    yield from _rate_kept(world)
    yield from _seen_is_stored(world)
    for campaign in world.database.campaigns.values():
        yield from _counts_add_up(world, campaign)


def _seen_is_stored(world: World) -> Iterator[Violation]:
    """What the others here are asked of is what the family holds."""
    stored = world.family.stored()
    for kind in KINDS:
        if getattr(stored, kind) != getattr(world.database, kind):
            yield Violation(DEFECT, f"the {kind} that are stored are not those that were written")


def _at_most_one(world: World) -> Iterator[Violation]:
    """Invariant 1."""
    accepted = Counter(
        (mail.message.chunk.campaign_id, mail.message.to) for mail in world.provider.taken.outbox
    )
    where = {
        (mail.message.chunk.campaign_id, mail.message.to): mail.message.chunk
        for mail in world.provider.taken.outbox
    }
    for key, count in accepted.items():
        resends = world.witness.resends[key[0], key[1]]
        if count > 1 + resends or resends > 1:
            yield Violation(
                1,
                f"{count} mails accepted for {key[1]}, put back {resends} times",
                key[0],
                where[key],
            )


def _counts_add_up(world: World, campaign: Campaign) -> Iterator[Violation]:
    """Invariant 2."""
    campaign_id = campaign.campaign_id
    chunks = [
        chunk for chunk in world.database.chunks.values() if chunk.ref.campaign_id == campaign_id
    ]
    fanned_out = Counter(each.contact_id for chunk in chunks for each in chunk.recipients)
    members = set(world.database.members.get(campaign.segment_id, {}).values())
    twice = [each for each, count in fanned_out.items() if count > 1]
    if twice:
        yield Violation(2, f"in more than one place: {twice}", campaign_id)
    if campaign.state is CampaignState.SENT and set(fanned_out) != members:
        yield Violation(2, f"lost: {sorted(members - set(fanned_out))}", campaign_id)
    if campaign.state in _NEVER_FANNED_OUT and chunks:
        yield Violation(2, f"{campaign.state}, though fanned out", campaign_id)
    finished = sum((Tally.of(each.progress) for each in chunks if each.is_finished), Tally())
    tally = world.database.tallies.get(campaign_id, Tally())
    if tally != finished:
        yield Violation(2, f"the tally is {tally}, the chunks say {finished}", campaign_id)
    for chunk in chunks:
        yield from _tells_the_truth(world, campaign, chunk)


def _tells_the_truth(world: World, campaign: Campaign, chunk: Chunk) -> Iterator[Violation]:
    accepted = {
        mail.message.position
        for mail in world.provider.taken.outbox
        if mail.message.chunk == chunk.ref
    }
    for position, each in enumerate(chunk.progress):
        # Somebody who gives up takes it on himself; proof puts it right where it comes.
        given_up = each.state is RecipientState.FAILED and each.reason == GIVEN_UP
        if each.state in _NEVER_ACCEPTED and position in accepted and not given_up:
            yield Violation(
                2,
                f"recipient {position} is {each.state}, and was accepted",
                campaign.campaign_id,
                chunk.ref,
            )
        if each.state is RecipientState.SENT and position not in accepted:
            yield Violation(
                2,
                f"recipient {position} is sent, and was never accepted",
                campaign.campaign_id,
                chunk.ref,
            )


def _none_after_a_halt(world: World) -> Iterator[Violation]:
    """Invariant 3."""
    for halt in world.witness.halts:
        late = Counter(
            call.process.name
            for call in world.provider.calls
            if call.campaign_id == halt.campaign_id
            and halt.since < call.at
            and (halt.until is None or call.at < halt.until)
        )
        for process, count in late.items():
            if count > 1:
                yield Violation(
                    3,
                    f"{process} made {count} calls after the campaign was paused or cancelled",
                    halt.campaign_id,
                )


def _none_to_the_suppressed(world: World) -> Iterator[Violation]:
    """Invariant 4: the list is read after the grant was given, and not long before it is used."""
    for mail in world.provider.taken.outbox:
        since = world.witness.suppressed_at.get(mail.message.to)
        if since is None:
            continue
        accepted_at = microseconds(mail.at - world.epoch)
        if accepted_at - since > microseconds(CLAIMED_AHEAD + TOLERANCE):
            yield Violation(
                4,
                f"{mail.message.to} was mailed {(accepted_at - since) / SECOND:.3f} s after it"
                " was suppressed",
                mail.message.chunk.campaign_id,
                mail.message.chunk,
            )


def _all_ended(world: World) -> Iterator[Violation]:
    """Invariant 5."""
    for campaign in world.database.campaigns.values():
        by_people = campaign.pause_reason in BY_PEOPLE
        if not campaign.is_final and not by_people:
            yield Violation(5, f"still {campaign.state}", campaign.campaign_id)
    for chunk in world.database.chunks.values():
        campaign = world.database.campaigns[chunk.ref.campaign_id]
        if campaign.is_final and not chunk.is_finished:
            yield Violation(
                5, f"{campaign.state}, with a chunk unfinished", campaign.campaign_id, chunk.ref
            )
        if campaign.is_final and any(each.awaits_resend for each in chunk.progress):
            yield Violation(
                5, f"{campaign.state}, with a re-send ahead", campaign.campaign_id, chunk.ref
            )


def _rate_kept(world: World) -> Iterator[Violation]:
    """Invariant 6: as far as the workers' clocks agree."""
    calls = sorted(world.provider.calls, key=lambda call: call.at)
    skews = [call.process.skew for call in calls] or [0]
    window = SECOND - (max(skews) - min(skews))
    if window <= 0:
        return
    first = 0
    total = 0
    for call in calls:
        total += call.messages
        while calls[first].at <= call.at - window:
            total -= calls[first].messages
            first += 1
        if total > world.setting.rate:
            yield Violation(6, f"{total} messages in the second before {call.at / SECOND:.3f} s")
            return
