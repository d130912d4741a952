"""Who is at work in a world: clients, starters, workers, the reconciler, schedules, operators."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.contact import ContactDraft
from domain.errors import (
    DependencyFault,
    DependencyUnavailable,
    InvalidInput,
    Overloaded,
    SentinelError,
)
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.priority import Priority
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.create_campaign import CampaignRequest
from domain.use_cases.edit_campaign import CampaignEdit, NewTime
from domain.use_cases.settle_unknown import UnknownAction
from tests.simulation.family import Invocation
from tests.simulation.faults import Fault
from tests.simulation.hub import Died, Process, Signal
from tests.simulation.ports import MINUTE, SECOND, microseconds
from tests.simulation.setting import CampaignPlan
from tests.simulation.world import BY_PEOPLE, UseCases, World

_START_KILLED_AFTER = 300 * SECOND
_LOOKS = 6
"""So often an approver sees to a campaign."""
_START_RETRIES = 2
"""Of an asynchronous invocation that failed (AWS Lambda Developer Guide, "Asynchronous")."""


def populate(world: World) -> None:
    """Everybody begins."""
    setting = world.setting
    for number, plan in enumerate(setting.campaigns):
        _client(world, number, plan)
        _movers(world, number, plan)
        _approver(world, number, plan)
        _prioritizer(world, number, plan)
    for number in range(setting.starters):
        _lives_again(world, f"starter-{number}", "starter", _starter(world))
    _lives_again(world, "start-queue", "starter", _queue_starter(world))
    for number in range(setting.workers):
        _lives_again(world, f"worker-{number}", "worker", _worker(world, Priority.NORMAL))
    for number in range(setting.urgent_workers):
        _lives_again(world, f"urgent-{number}", "worker", _worker(world, Priority.URGENT))
    _lives_again(world, "events", "events", _consumer(world))
    for number in range(setting.operators):
        _operator(world, f"operator-{number}")
    world.hub.spawn("minutes", "platform", _minutes(world), 0)
    world.hub.spawn("schedules", "platform", _schedules(world), 0)


def settle(world: World) -> None:
    """Faults are over: a person lets go on what the account had stopped."""
    world.faults.is_over = True
    world.hub.spawn("person", "person", _person(world), world.hub.now)


def _lives_again(
    world: World, name: str, role: str, body: Callable[[Process, UseCases], None], life: int = 0
) -> None:
    """A process that another one takes the place of when it dies."""

    def live(process: Process) -> None:
        try:
            body(process, world.use_cases(process))
        except Died:
            if not world.is_over:
                _lives_again(world, name, role, body, life + 1)
            raise

    begins = world.hub.now + world.decisions.whole(0, 2 * SECOND, "life", name, life)
    world.hub.spawn(name if life == 0 else f"{name}.{life}", role, live, begins)


def _client(world: World, number: int, plan: CampaignPlan) -> None:
    def body(process: Process) -> None:
        use = world.use_cases(process)
        schedule_at = timezone = None
        if plan.local is not None:
            schedule_at = plan.local.scene.at.isoformat()
            timezone = plan.local.scene.zones[0]
        elif plan.scheduled_in is not None:
            schedule_at = process.hub.moment(process.hub.now + plan.scheduled_in).isoformat()
        try:
            use.create(
                CampaignRequest(
                    name="News",
                    template_id=TemplateId(f"template-{number}"),
                    segment_id=SegmentId(f"segment-{number}"),
                    schedule_at=schedule_at,
                    timezone=timezone,
                    local_time=plan.local is not None,
                    unknown_policy=plan.unknown_policy,
                    needs_approval=plan.needs_approval,
                    priority=plan.priority,
                    immediate_only=plan.immediate_only,
                ),
                key_id=f"key-{number % 2}",
            )
        except (DependencyFault, InvalidInput, Overloaded):
            return

    world.hub.spawn(f"client-{number}", "client", body, plan.asked_at)


def _movers(world: World, number: int, plan: CampaignPlan) -> None:
    """Members who move to another zone meanwhile; it is no fault."""

    def moves(member: int, zone: str) -> Callable[[Process], None]:
        def body(_: Process) -> None:
            address = f"{number}-{member}@example.com"
            world.family.contacts.put([ContactDraft(address, {}, time_zone=zone)])

        return body

    for after, member, zone in plan.local.moves if plan.local is not None else ():
        name = f"member {number}-{member}"
        world.hub.spawn(name, "member", moves(member, zone), microseconds(after))


def _prioritizer(world: World, number: int, plan: CampaignPlan) -> None:
    """Gives it the other priority, wherever it is by then."""
    if plan.other_priority_at is None:
        return
    name = f"prioritizer-{number}"

    def body(process: Process) -> None:
        use = world.use_cases(process)
        found = [each for each in _by_id(world) if each.segment_id == f"segment-{number}"]
        if not found or not world.faults.happens(Fault(name, "people", 0, "prioritize")):
            return
        (other,) = set(Priority) - {found[0].priority}
        with suppress(SentinelError):
            use.edit(found[0].campaign_id, CampaignEdit(priority=other))

    world.hub.spawn(name, "operator", body, plan.other_priority_at)


def _approver(world: World, number: int, plan: CampaignPlan) -> None:
    """Looks now and then, mostly before the campaign's time, and approves what it sees."""
    if not plan.needs_approval:
        return
    name = f"approver-{number}"

    def looks(look: int) -> Callable[[Process], None]:
        def body(process: Process) -> None:
            awaiting = [
                each
                for each in _by_id(world)
                if each.segment_id == f"segment-{number}" and each.awaits_approval
            ]
            if awaiting and world.faults.happens(Fault(name, "people", look, "approve")):
                process.pause(int(world.decisions.fraction(name, "thinks", look) * MINUTE))
                _approve(world, process, awaiting[0])

        return body

    at = plan.asked_at
    for look in range(_LOOKS):
        usual = (plan.scheduled_in or MINUTE) + MINUTE
        at += int(usual * world.decisions.fraction(name, "gap", look) ** 3)
        world.hub.spawn(f"{name}.{look}", "approver", looks(look), at)


def _approve(world: World, process: Process, campaign: Campaign) -> None:
    """As a person does who approves no other revision than the one that was looked at."""
    use = world.use_cases(process)
    seen = {campaign.revision}
    tried_at = use.clock.now()
    world.witness.approved.add((campaign.campaign_id, campaign.moved_at))
    with suppress(SentinelError):
        try:
            use.approve(campaign.campaign_id, None, revisions=seen)
        except DependencyUnavailable:
            process.pause(SECOND)
            use.approve(campaign.campaign_id, None, revisions=seen, tried_at=tried_at)


def _starter(world: World) -> Callable[[Process, UseCases], None]:
    def body(process: Process, use: UseCases) -> None:
        while True:
            taken = world.family.take()
            if taken is None:
                due = world.due_in(world.family.next_invocation_at())
                process.wait(world.invocations_came, 24 * 60 * MINUTE if due is None else due)
            else:
                _start(world, process, use, taken, 0)

    return body


def _start(
    world: World, process: Process, use: UseCases, invocation: Invocation, retries: int
) -> None:
    """One invocation; what fails is repeated by the family or the platform, not for ever."""
    time = world.setting.start_time
    if time is not None:
        process.killed_at = process.hub.now + _START_KILLED_AFTER
    try:
        use.start(invocation.request, None if time is None else timedelta(microseconds=time))
        invocation.done()
    except (DependencyFault, Died) as failure:
        if not world.family.keeps_invocations and retries < _START_RETRIES and not world.is_over:
            _start_again(world, process.name, invocation, retries + 1)
        if isinstance(failure, Died):
            raise
        invocation.failed(type(failure).__name__)
    except SentinelError as error:
        world.witness.defect(error)
    process.killed_at = None


def _start_again(world: World, name: str, invocation: Invocation, retries: int) -> None:
    world.repeats += 1

    def body(process: Process) -> None:
        _start(world, process, world.use_cases(process), invocation, retries)

    world.hub.spawn(
        f"{name} repeated {world.repeats}", "starter", body, world.hub.now + retries * MINUTE
    )


def _queue_starter(world: World) -> Callable[[Process, UseCases], None]:
    """start-campaign as the start queue invokes it: with a batch at a time."""
    return _taker(
        world, world.family.next_queued_start_at, world.starts_came, partial(_start_some, world)
    )


def _start_some(world: World, process: Process, use: UseCases) -> None:
    time = world.setting.start_time
    if time is not None:
        process.killed_at = process.hub.now + _START_KILLED_AFTER
    deliveries = use.start_queue.receive(3, timedelta())
    if deliveries:
        left = None if time is None else timedelta(microseconds=time)
        use.start_queue.acknowledge(use.start_some(deliveries, left))


def _worker(world: World, priority: Priority) -> Callable[[Process, UseCases], None]:
    return _taker(
        world,
        partial(world.family.next_message_at, priority),
        world.messages_came,
        partial(_send_some, world, priority),
    )


def _taker(
    world: World,
    next_at: Callable[[], datetime | None],
    came: Signal,
    take_some: Callable[[Process, UseCases], None],
) -> Callable[[Process, UseCases], None]:
    """Takes messages for ever: whenever there is one to take, some of them."""

    def body(process: Process, use: UseCases) -> None:
        while True:
            due = world.due_in(next_at())
            if due is None or due > 0:
                process.wait(came, due or 24 * 60 * MINUTE)
                continue
            try:
                take_some(process, use)
            except DependencyFault:
                process.pause(SECOND)
            process.killed_at = None

    return body


def _send_some(world: World, priority: Priority, process: Process, use: UseCases) -> None:
    time = world.setting.worker_time
    if time is not None:
        process.killed_at = process.hub.now + time
    deliveries = use.queue.receive(
        1 + world.decisions.whole(0, 5, "batch", process.name), timedelta(), priority
    )
    if deliveries:
        left = None if time is None else timedelta(microseconds=time)
        use.queue.acknowledge(use.send(deliveries, left))


def _consumer(world: World) -> Callable[[Process, UseCases], None]:
    """Takes some of what the provider told at a time; what it leaves comes again."""

    def body(process: Process, use: UseCases) -> None:
        while True:
            due = world.due_in(world.family.next_event_at())
            if due is None or due > 0:
                process.wait(world.events_came, due or 24 * 60 * MINUTE)
                continue
            try:
                deliveries = use.events.receive(4, timedelta())
                done = use.record(deliveries)
                use.events.acknowledge(done)
            except DependencyFault:
                done = ()
            if not done:
                process.pause(20 * SECOND)

    return body


def _minutes(world: World) -> Callable[[Process], None]:
    """The reconciler, every minute; a pass that would see nothing is left out."""

    def body(process: Process) -> None:
        for minute in range(100_000):
            process.is_idle = True
            process.pause(MINUTE)
            process.is_idle = False
            draws = world.decisions.draws("minute", minute)

            def happens(kind: str, draw: float, rate: float, minute: int = minute) -> bool:
                return world.faults.by_chance(Fault("minutes", "fire", minute, kind), draw, rate)

            if not world.is_anything_due() or happens("lost", draws[0], 0.1):
                continue
            _reconcile(world, f"reconciler-{minute}", 0)
            if happens("doubled", draws[1], 0.2):
                _reconcile(world, f"reconciler-{minute}b", int(draws[2] * SECOND))

    return body


def _reconcile(world: World, name: str, delay: int) -> None:
    def body(process: Process) -> None:
        process.killed_at = process.hub.now + 300 * SECOND
        try:
            world.use_cases(process).reconcile(time_left=timedelta(seconds=300))
        except DependencyFault:
            return

    world.hub.spawn(name, "reconciler", body, world.hub.now + delay)


def _schedules(world: World) -> Callable[[Process], None]:
    """Fires what is due, within half a minute."""

    def body(process: Process) -> None:
        for tick in range(1_000_000):
            process.is_idle = True
            process.pause(world.decisions.whole(SECOND, world.setting.tick, "tick", tick))
            process.is_idle = False
            world.ticker.tick(process)

    return body


@dataclass(frozen=True)
class _Act:
    kind: str
    weight: float


_ONLY_SUPPRESS = (_Act("suppress", 1),)
_DOES_ANYTHING = 0.65
_IN_THE_MIDST = 0.5
_SETTLING = frozenset({"give up", "resend"})
_BEFORE = frozenset({"move", "resume", "drop template"})
"""Of use also where nothing is sent."""
_UNDER_WAY = frozenset({CampaignState.SCHEDULED, CampaignState.SENDING})
_ACTS = (
    _Act("pause", 0.21),
    _Act("resume", 0.23),
    _Act("cancel", 0.1),
    _Act("suppress", 0.06),
    _Act("move", 0.11),
    _Act("give up", 0.13),
    _Act("resend", 0.12),
    _Act("drop template", 0.04),
)


def _operator(world: World, name: str) -> None:
    count = world.decisions.whole(1, 8, name, "acts")
    plans = world.setting.campaigns
    plan = plans[int(world.decisions.fraction(name, "begins") * len(plans))]
    before = world.decisions.fraction(name, "before")
    at = plan.asked_at + int((plan.scheduled_in or 0) * (1.2 * before))
    for number in range(count):
        gap = world.decisions.fraction(name, "gap", number)
        at += int(MINUTE * 3 * gap**6)
        world.hub.spawn(f"{name}.{number}", "operator", _act(world, name, number), at)


def _act(world: World, name: str, number: int) -> Callable[[Process], None]:
    draws = world.decisions.draws(name, "act", number)
    acts = _ACTS if world.decisions.fraction(name, "kind") < _DOES_ANYTHING else _ONLY_SUPPRESS
    reached = 0.0
    kind = acts[-1].kind
    for act in acts:
        if reached <= draws[0] < reached + act.weight:
            kind = act.kind
        reached += act.weight

    def body(process: Process) -> None:
        if not world.faults.happens(Fault(name, "people", number, kind)):
            return
        # What people do matters most while mails go out, or nobody knows what became of one.
        if kind in _SETTLING:
            while not world.witness.is_anybody_unknown:
                process.wait(world.witness.unknown_came, 24 * 60 * MINUTE)
            process.pause(int(draws[4] ** 3 * 90 * SECOND))
        elif draws[3] < _IN_THE_MIDST and kind not in _BEFORE:
            while len(world.provider.calls) < number + 1:
                process.wait(world.provider.called, 24 * 60 * MINUTE)
            process.pause(int(draws[4] ** 2 * 3 * SECOND))
        if not world.faults.is_over:
            _do(world, process, kind, draws[1], draws[2])

    return body


def _do(world: World, process: Process, kind: str, which: float, who: float) -> None:
    use = world.use_cases(process)
    number = int(which * len(world.setting.campaigns))
    try:
        if kind == "suppress":
            address = _somebody(world, number, who)
            use.suppressions.add(
                Suppression(
                    address, SuppressionReason.OPERATOR, process.hub.moment(process.hub.now)
                )
            )
        elif kind == "drop template":
            world.family.drop_template(TemplateId(f"template-{number}"))
        else:
            fitting = _fitting(world, kind)
            if fitting:
                campaign_id = fitting[int(which * len(fitting))]
                _ask(process, use, kind, campaign_id, int(who * 300) - 60)
    except SentinelError:
        return


def _ask(process: Process, use: UseCases, kind: str, campaign_id: CampaignId, seconds: int) -> None:
    """As a client of the API does: what ended in nobody knows what is asked once more."""
    tried_at = use.clock.now()
    try:
        _change(use, kind, campaign_id, seconds)
    except DependencyUnavailable:
        process.pause(abs(seconds) * SECOND // 20)
        match kind:
            case "pause":
                use.pause(campaign_id, tried_at=tried_at)
            case "resume":
                use.resume(campaign_id, tried_at=tried_at)
            case "cancel":
                use.cancel(campaign_id, tried_at=tried_at)
            case _:
                _change(use, kind, campaign_id, seconds)


def _by_id(world: World) -> list[Campaign]:
    return sorted(world.database.campaigns.values(), key=lambda each: each.campaign_id)


def _fitting(world: World, kind: str) -> list[CampaignId]:
    """Preferably campaigns of which this can be asked at all."""
    campaigns = _by_id(world)
    unknown = {ref.campaign_id for ref, chunk in world.database.chunks.items() if chunk.unknown}
    fits: dict[str, Callable[[Campaign], bool]] = {
        "give up": lambda each: each.campaign_id in unknown,
        "resend": lambda each: each.campaign_id in unknown,
        "pause": lambda each: each.state in _UNDER_WAY,
        "cancel": lambda each: each.state in _UNDER_WAY,
        "resume": lambda each: each.state is CampaignState.PAUSED,
        "move": lambda each: each.started_at is None,
    }
    fitting = [each for each in campaigns if kind not in fits or fits[kind](each)]
    return [each.campaign_id for each in fitting or campaigns]


def _somebody(world: World, number: int, who: float) -> str:
    """Preferably one whose mail is about to go out."""
    waiting = sorted(
        chunk.recipients[position].address
        for chunk in world.database.chunks.values()
        for position in chunk.pending
    )
    if waiting:
        return waiting[int(who * len(waiting))]
    members = world.setting.campaigns[number].members
    return f"{number}-{int(who * max(members, 1))}@example.com"


def _change(use: UseCases, kind: str, campaign_id: CampaignId, seconds: int) -> None:
    match kind:
        case "move":
            soon = use.clock.now() + timedelta(seconds=seconds)
            new_time = NewTime(
                schedule_at=soon.isoformat() if seconds > 0 else None, local_time=False
            )
            use.edit(campaign_id, CampaignEdit(new_time=new_time))
        case "give up":
            use.settle(campaign_id, UnknownAction.GIVE_UP)
        case "resend":
            use.settle(campaign_id, UnknownAction.RESEND)
        case "pause":
            use.pause(campaign_id)
        case "resume":
            use.resume(campaign_id)
        case "cancel":
            use.cancel(campaign_id)


def _person(world: World) -> Callable[[Process], None]:
    """Resumes what the account paused, and some of what people did; approves what nobody has."""

    def body(process: Process) -> None:
        while True:
            for campaign in _by_id(world):
                if campaign.state is not CampaignState.PAUSED:
                    continue
                left = world.decisions.fraction("left paused", campaign.campaign_id) < 0.3
                if campaign.pause_reason is PauseReason.QUOTA:
                    # It ends by itself.
                    continue
                if campaign.pause_reason in BY_PEOPLE and left:
                    continue
                if campaign.awaits_approval:
                    _approve_late(world, process, campaign)
                    continue
                _resume(world.use_cases(process), campaign.campaign_id)
            process.is_idle = True
            process.pause(10 * MINUTE)
            process.is_idle = False

    return body


def _approve_late(world: World, process: Process, campaign: Campaign) -> None:
    """What is too late for its time, for now."""
    _approve(world, process, campaign)
    if not world.database.campaigns[campaign.campaign_id].awaits_approval:
        return
    with suppress(SentinelError):
        world.use_cases(process).edit(campaign.campaign_id, CampaignEdit(new_time=NewTime()))
    _approve(world, process, world.database.campaigns[campaign.campaign_id])


def _resume(use: UseCases, campaign_id: CampaignId) -> None:
    try:
        use.resume(campaign_id)
    except SentinelError:
        return
