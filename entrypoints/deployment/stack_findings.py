"""Whether Lambda has room for the functions, and whether a deployed stack is whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import ceil

from domain.account import (
    Account,
    Caller,
    Concurrency,
    Role,
    Stack,
    StackContents,
    Trust,
    TrustCondition,
    Unread,
)
from domain.fan_out import PARALLEL_STARTS
from domain.priority import Priority
from entrypoints.deployment.finding import (
    Finding,
    Level,
    Wanted,
    has_functions,
    quota_request,
    unread,
    wanted_number,
)

_SCHEDULER = "scheduler.amazonaws.com"
ROLES = {
    "CreateCampaignRole": "lambda.amazonaws.com",
    "ApiRole": "lambda.amazonaws.com",
    "StartCampaignRole": "lambda.amazonaws.com",
    "SendWorkerRole": "lambda.amazonaws.com",
    "RunJobRole": "lambda.amazonaws.com",
    "ReconcileRole": "lambda.amazonaws.com",
    "ProviderEventsRole": "lambda.amazonaws.com",
    "WebhooksRole": "lambda.amazonaws.com",
    "SchedulerInvokeRole": _SCHEDULER,
}
"""Roles of template.yaml by logical id, and the service that takes each on."""

_SCHEDULE_GROUP = "ScheduleGroup"
DEFAULTS = {
    "WorkerConcurrency": 2,
    "StartQueueConcurrency": 5,
    "DirectStartsASecond": 10,
    "DirectStartsBurst": 20,
}
"""Of template.yaml."""
_WORKERS = "WORKER_CONCURRENCY"
_BATCHES = "START_QUEUE_CONCURRENCY"
_A_SECOND = "DIRECT_STARTS_A_SECOND"
_BURST = "DIRECT_STARTS_BURST"
_KEPT_UNRESERVED = 100
"""What Lambda lets nobody reserve (Lambda developer guide, "Configuring reserved concurrency")."""
_OTHER_FUNCTIONS = 5
"""One each of those that neither send, nor start, nor take what SES tells."""
_USUAL_LIMIT = 1_000
_CONCURRENCY_QUOTA = "L-B99A9384"

_EVENTS = "`aws cloudformation describe-stack-events {stack}`"
_DELETE = "`aws cloudformation delete-stack {stack}`"
_CONTINUE = "`aws cloudformation continue-update-rollback {stack}`"
_NEVER_MADE = (
    Level.FAIL,
    "it was never made",
    f"See why ({_EVENTS}), remove it ({_DELETE}) and deploy again.",
)
_UNDONE = (
    Level.WARN,
    "the last change was undone",
    f"What ran before still runs. See why: {_EVENTS}.",
)
_STATUSES = {
    "CREATE_FAILED": _NEVER_MADE,
    "ROLLBACK_COMPLETE": _NEVER_MADE,
    "ROLLBACK_FAILED": _NEVER_MADE,
    "UPDATE_ROLLBACK_FAILED": (
        Level.FAIL,
        "the last change is half undone",
        f"See why ({_EVENTS}), then {_CONTINUE}.",
    ),
    "UPDATE_ROLLBACK_COMPLETE": _UNDONE,
    "IMPORT_ROLLBACK_COMPLETE": _UNDONE,
    "REVIEW_IN_PROGRESS": (
        Level.WARN,
        "a change set waits",
        f"Execute it, or remove the stack: {_DELETE}.",
    ),
}


def concurrency_findings(account: Account, wanted: Wanted) -> Iterator[Finding]:
    """Of how many functions Lambda runs at once."""
    concurrency = account.concurrency
    if isinstance(concurrency, Unread):
        yield unread("Lambda concurrency", concurrency)
        return
    wishes = _wishes(account, wanted)
    reserved = wanted_number(wanted.start_concurrency, account, "StartConcurrency", 0)
    # What the stack has reserved already is not wanted a second time.
    free = concurrency.unreserved + _reserved_by(account.stack)
    yield _of_reserved(concurrency, free, reserved, wishes)
    yield _of_unreserved(free, reserved, wishes)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A setting that bounds how many functions run at once."""

    value: int
    least: int
    each: int = 1
    """Functions for one of it."""

    @property
    def functions(self) -> int:
        """As many as run by it."""
        return self.value * self.each

    def lowered(self, functions: int) -> "_Wish":
        """To take so many less, or as many as it can."""
        return replace(self, value=max(self.least, self.value - ceil(functions / self.each)))


def _wishes(account: Account, wanted: Wanted) -> Mapping[str, _Wish]:
    """By variable; the first to be lowered first, for what it lets through no longer is queued."""

    def number(asked: int | None, parameter: str) -> int:
        return wanted_number(asked, account, parameter, DEFAULTS[parameter])

    return {
        _BURST: _Wish(number(wanted.direct_starts_burst, "DirectStartsBurst"), 1),
        # Each takes about a second.
        _A_SECOND: _Wish(number(wanted.direct_starts_a_second, "DirectStartsASecond"), 1),
        _BATCHES: _Wish(number(wanted.start_queue_concurrency, "StartQueueConcurrency"), 2),
        # As many as send run for what SES tells, too.
        _WORKERS: _Wish(
            number(wanted.worker_concurrency, "WorkerConcurrency"), 2, len(Priority) + 1
        ),
    }


def _of_reserved(
    concurrency: Concurrency, free: int, reserved: int, wishes: Mapping[str, _Wish]
) -> Finding:
    subject = "Lambda reserved concurrency"
    request = _concurrency_request(concurrency.limit)
    room = f"{free} of {concurrency.limit} are free, and {_KEPT_UNRESERVED} have to stay so"
    if reserved > 0 and reserved > free - _KEPT_UNRESERVED:
        return Finding(
            Level.FAIL,
            subject,
            f"{reserved} wanted; {room}",
            f"Lambda would refuse it: deploy with START_CONCURRENCY=0, or ask for more: {request}.",
        )
    if free <= _KEPT_UNRESERVED:
        return Finding(
            Level.WARN,
            subject,
            f"none can be had: {room}",
            "New accounts begin with 10. Leave START_CONCURRENCY at 0, or ask for more: "
            f"{request}.",
        )
    batches = wishes[_BATCHES].value
    least = batches + PARALLEL_STARTS + 1
    if 0 < reserved < least:
        return Finding(
            Level.WARN,
            subject,
            f"{reserved} wanted: a lone start would wait for {batches} batches of queued starts"
            f" and {PARALLEL_STARTS} starts at a large campaign",
            f"Deploy with START_CONCURRENCY={least} or more, with a lower START_QUEUE_CONCURRENCY,"
            " or with START_CONCURRENCY=0.",
        )
    return Finding(Level.OK, subject, f"{reserved} wanted; {room}")


def _of_unreserved(free: int, reserved: int, wishes: Mapping[str, _Wish]) -> Finding:
    subject = "Lambda concurrency"
    left = free - reserved
    workers = wishes[_WORKERS].functions
    starts = 0
    if reserved:
        # Starts have their own.
        wishes = {_WORKERS: wishes[_WORKERS]}
    else:
        starts = sum(wish.functions for wish in wishes.values()) - workers + PARALLEL_STARTS
    wanted = workers + starts + _OTHER_FUNCTIONS
    found = (
        f"{wanted} wanted in a burst ({workers} for workers and what SES tells, {starts} for"
        f" starts, {_OTHER_FUNCTIONS} for the rest), {left} free"
    )
    if left >= wanted:
        return Finding(Level.OK, subject, found)
    over = wanted - left
    lower = []
    for variable, wish in wishes.items():
        lowered = wish.lowered(max(0, over))
        over -= wish.functions - lowered.functions
        if lowered != wish:
            lower.append(f"{variable}={lowered.value}")
    settings = " ".join(lower)
    request = _concurrency_request(left)
    if not lower:
        remedy = f"Ask for more: {request}."
    elif over > 0:
        remedy = f"Ask for more: {request}. Until then deploy with {settings}."
    else:
        remedy = f"Deploy with {settings}, or ask for more: {request}."
    return Finding(Level.WARN, subject, f"{found}: the API would be throttled", remedy)


def _concurrency_request(limit: int) -> str:
    return quota_request("lambda", _CONCURRENCY_QUOTA, max(_USUAL_LIMIT, limit * 2))


def _reserved_by(stack: Stack | Unread | None) -> int:
    if not isinstance(stack, Stack) or isinstance(stack.contents, Unread):
        return 0
    reserved = stack.contents.reserved
    return 0 if isinstance(reserved, Unread) else reserved


# The stack, where there is one.


def stack_findings(account: Account, wanted: Wanted) -> Iterator[Finding]:
    """Of the stack's state, and of its roles."""
    stack = account.stack
    subject = f"stack {wanted.stack}"
    if isinstance(stack, Unread):
        yield unread(subject, stack)
        return
    if stack is None:
        yield Finding(Level.OK, subject, "not there yet")
        return
    yield _of_status(subject, stack)
    contents = stack.contents
    if isinstance(contents, Unread):
        yield unread(f"{subject}: contents", contents)
        return
    if isinstance(contents.reserved, Unread):
        yield unread(f"{subject}: reserved concurrency", contents.reserved)
    if not has_functions(stack):
        return
    for logical, service in ROLES.items():
        yield _of_role(logical, service, contents, account.caller)


def _of_status(subject: str, stack: Stack) -> Finding:
    known = _STATUSES.get(stack.status)
    if known is not None:
        level, found, remedy = known
        return Finding(
            level,
            subject,
            f"{stack.status}: {found}",
            remedy.format(stack=f"--stack-name {stack.name}"),
        )
    if stack.status.endswith("_FAILED"):
        remedy = f"See why: {_EVENTS}.".format(stack=f"--stack-name {stack.name}")
        return Finding(Level.FAIL, subject, stack.status, remedy)
    if stack.status.endswith("_IN_PROGRESS"):
        return Finding(Level.WARN, subject, stack.status, "Wait, and run it again.")
    return Finding(Level.OK, subject, stack.status)


def _of_role(
    logical: str, service: str, contents: StackContents, caller: Caller | Unread
) -> Finding:
    subject = f"role {logical}"
    if logical not in contents.roles:
        return Finding(Level.FAIL, subject, "not in the stack", "Deploy template.yaml as it is.")
    role = contents.roles[logical]
    if isinstance(role, Unread):
        return unread(subject, role)
    if role is None:
        return Finding(
            Level.FAIL,
            subject,
            "deleted, but not by the stack",
            "Make it again by hand under the same name, as template.yaml has it, and deploy.",
        )
    trusts = [trust for trust in role.trusts if service in trust.services]
    if not trusts:
        remedy = (
            f"Its trust policy was changed: allow {service} sts:AssumeRole, as template.yaml does."
        )
        return Finding(Level.FAIL, subject, f"{service} may not take it on", remedy)
    if service == _SCHEDULER:
        return _of_scheduler_trust(subject, role, trusts, contents, caller)
    return Finding(Level.OK, subject, f"{role.name}, for {service}")


def _of_scheduler_trust(
    subject: str,
    role: Role,
    trusts: Sequence[Trust],
    contents: StackContents,
    caller: Caller | Unread,
) -> Finding:
    """Scheduler takes it on for this account's schedules of this group, and for nobody else's."""
    if isinstance(caller, Unread):
        return Finding(
            Level.WARN,
            subject,
            "for Scheduler; whose schedules is not known without the account",
            f"Grant {caller.permission} to whoever runs this.",
        )
    group = contents.schedule_groups.get(_SCHEDULE_GROUP)
    if group is None:
        found = "for Scheduler; the schedule group is not in the stack"
        return Finding(Level.FAIL, subject, found, "Deploy template.yaml as it is.")
    partition = caller.arn.split(":")[1]
    arn = f"arn:{partition}:scheduler:{caller.region}:{caller.account}:schedule-group/{group}"
    expected = {"aws:SourceAccount": caller.account, "aws:SourceArn": arn}
    remedy = "Give its trust policy the conditions of template.yaml: " + ", ".join(
        f"{key} = {value}" for key, value in expected.items()
    )
    open_to_it = [trust for trust in trusts if _lets_in(trust, expected)]
    if not open_to_it:
        found = "its conditions shut Scheduler out: no schedule would start its campaign"
        return Finding(Level.FAIL, subject, found, f"{remedy}.")
    missing = [key for key in expected if not all(_asks_for(key, each) for each in open_to_it)]
    if missing:
        found = f"it does not ask for {' and '.join(missing)}: others' schedules may take it on"
        return Finding(Level.WARN, subject, found, f"{remedy}.")
    return Finding(Level.OK, subject, f"{role.name}, for the schedules of {group}")


def _lets_in(trust: Trust, expected: Mapping[str, str]) -> bool:
    return all(
        _is_met(condition, value)
        for key, value in expected.items()
        for condition in trust.conditions
        if condition.key == key.lower()
    )


def _is_met(condition: TrustCondition, value: str) -> bool:
    if condition.operator == "StringEquals":
        return value in condition.values
    return any(fnmatchcase(value, pattern) for pattern in condition.values)


def _asks_for(key: str, trust: Trust) -> bool:
    return any(condition.key == key.lower() for condition in trust.conditions)
