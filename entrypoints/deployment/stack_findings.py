"""Whether Lambda has room for the functions, and whether a deployed stack is whole."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

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
DEFAULT_WORKER_CONCURRENCY = 2
"""Of template.yaml, and the least that a queue's trigger takes."""
_KEPT_UNRESERVED = 100
"""What Lambda lets nobody reserve (Lambda developer guide, "Configuring reserved concurrency")."""
_OTHER_FUNCTIONS = 4
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
    workers = wanted_number(
        wanted.worker_concurrency, account, "WorkerConcurrency", DEFAULT_WORKER_CONCURRENCY
    )
    reserved = wanted_number(wanted.start_concurrency, account, "StartConcurrency", 0)
    # What the stack has reserved already is not wanted a second time.
    free = concurrency.unreserved + _reserved_by(account.stack)
    yield _of_reserved(concurrency, free, reserved)
    yield _of_unreserved(free - reserved, workers)


def _of_reserved(concurrency: Concurrency, free: int, reserved: int) -> Finding:
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
    return Finding(Level.OK, subject, f"{reserved} wanted; {room}")


def _of_unreserved(free: int, workers: int) -> Finding:
    subject = "Lambda concurrency"
    found = (
        f"{free} free, {workers} wanted for workers, as many for what SES tells, and "
        f"{_OTHER_FUNCTIONS} for the rest"
    )
    if free >= 2 * workers + _OTHER_FUNCTIONS:
        return Finding(Level.OK, subject, found)
    request = _concurrency_request(free)
    fewer = max(DEFAULT_WORKER_CONCURRENCY, (free - _OTHER_FUNCTIONS) // 2)
    lower = f"Deploy with WORKER_CONCURRENCY={fewer}, or ask" if fewer < workers else "Ask"
    return Finding(
        Level.WARN, subject, f"{found}: the API would be throttled", f"{lower} for more: {request}."
    )


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
