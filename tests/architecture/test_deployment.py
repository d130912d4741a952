"""What no emulator checks of template.yaml, read from it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from cfnlint.decode import decode  # type: ignore[import-untyped]  # it has none
from pydantic import ValidationError

from domain.dead_letter import SEND_QUEUES as SOURCES
from domain.dead_letter import DeadLetterSource
from domain.job import KEPT
from entrypoints.deployment.package import ROOT
from entrypoints.deployment.settings import DeploymentSettings

Node = Mapping[str, Any]  # Any: of a template

TEMPLATE: Node = decode(str(ROOT / "template.yaml"))[0]
RESOURCES: Mapping[str, Node] = TEMPLATE["Resources"]
SIX_TIMES = 6
SEND_QUEUES = ("SendQueue", "UrgentSendQueue")
FOURTEEN_DAYS = 14 * 24 * 3_600
METRICS = ROOT / "docs" / "metrics.md"


def _of_type(kind: str) -> Mapping[str, Node]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


FUNCTIONS = _of_type("AWS::Serverless::Function")
ROLES = _of_type("AWS::IAM::Role")
QUEUES = _of_type("AWS::SQS::Queue")


def _statements(role: Node) -> Iterator[Node]:
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _texts(resource: object) -> Iterator[str]:
    """Every text in a resource's ARN, however it is put together."""
    match resource:
        case str():
            yield resource
        case Mapping():
            for part in resource.values():
                yield from _texts(part)
        case list():
            for part in resource:
                yield from _texts(part)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_allows_no_whole_service_and_no_everything(name: str) -> None:
    """Actions are spelled out; the stars in an ARN are log streams, schedules of the group, files.

    One action has no ARN: reading what SES allows the account.
    """
    for statement in _statements(ROLES[name]):
        assert statement["Effect"] == "Allow"
        assert all("*" not in str(action) for action in _listed(statement["Action"]))
        if statement["Action"] == "ses:GetAccount":
            assert statement["Resource"] == "*"
            continue
        for text in _texts(statement["Resource"]):
            starred = text.removesuffix(":*").removesuffix("schedule/${Name}/*")
            starred = starred.removesuffix("/imports/*").removesuffix("/exports/*")
            assert "*" not in starred, text


def test_each_function_has_a_role_of_its_own() -> None:
    """So that none can do what another needs."""
    roles = [function["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS.values()]

    assert len(set(roles)) == len(FUNCTIONS)
    assert {*roles, "SchedulerInvokeRole"} == set(ROLES)


def test_one_role_may_be_passed_and_to_scheduler_only() -> None:
    """By those who make schedules."""
    passing = {
        name: statement
        for name, role in ROLES.items()
        for statement in _statements(role)
        if statement["Action"] == "iam:PassRole"
    }

    assert set(passing) == {"CreateCampaignRole", "ReconcileRole"}
    for statement in passing.values():
        assert statement["Resource"] == {"Fn::GetAtt": ["SchedulerInvokeRole", "Arn"]}
        assert statement["Condition"] == {
            "StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}
        }


def test_scheduler_assumes_its_role_for_this_group_of_this_account_only() -> None:
    """Against the confused deputy (EventBridge Scheduler User Guide)."""
    (trust,) = ROLES["SchedulerInvokeRole"]["AssumeRolePolicyDocument"]["Statement"]
    condition = trust["Condition"]["StringEquals"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert condition["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert condition["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/${Name}")


def test_what_invokes_or_gives_up_may_reach_its_dead_letter_queue() -> None:
    """Scheduler by its role, an asynchronous invocation by the function's."""
    for role, queue in (
        ("SchedulerInvokeRole", "ScheduleDeadLetterQueue"),
        ("StartCampaignRole", "StartDeadLetterQueue"),
        ("RunJobRole", "JobDeadLetterQueue"),
    ):
        allowed = [
            target
            for statement in _statements(ROLES[role])
            if statement["Action"] == "sqs:SendMessage"
            for target in _listed(statement["Resource"])
        ]
        assert {"Fn::GetAtt": [queue, "Arn"]} in allowed


def test_nothing_that_is_given_up_vanishes() -> None:
    """Every queue and asynchronous function has dead letters, kept as long as SQS keeps anything.

    But what comes every minute: the next round takes up what one left. The command knows them all.
    """
    dead = {
        name for name, queue in QUEUES.items() if "dead-letters" in queue["QueueName"]["Fn::Sub"]
    }
    for name in QUEUES.keys() - dead:
        (target, _) = QUEUES[name]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
        assert target in dead
        assert QUEUES[target]["QueueName"]["Fn::Sub"] == (
            QUEUES[name]["QueueName"]["Fn::Sub"] + "-dead-letters"
        )
    for name in dead:
        assert QUEUES[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS
    known = {f"${{Name}}-{source}-dead-letters" for source in DeadLetterSource}
    assert {QUEUES[name]["QueueName"]["Fn::Sub"] for name in dead} <= known

    rules = _of_type("AWS::Events::Rule").values()
    by_events = {target["Arn"]["Fn::GetAtt"][0] for rule in rules for target in rule["Targets"]}
    every_minute = {"ReconcileFunction", "WebhooksFunction"}
    assert by_events == every_minute
    configured = {name for name, each in FUNCTIONS.items() if "EventInvokeConfig" in each}
    assert configured == {"StartCampaignFunction", "RunJobFunction"} | every_minute
    for name in ("StartCampaignFunction", "RunJobFunction"):
        assert (
            FUNCTIONS[name]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Type"] == "SQS"
        )
    for name in every_minute:
        assert FUNCTIONS[name]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_a_message_is_hidden_six_times_as_long_as_it_is_worked_on() -> None:
    """As AWS asks for, so that no message comes again beside its first invocation."""
    worker = FUNCTIONS["SendWorkerFunction"]

    for queue in SEND_QUEUES:
        assert QUEUES[queue]["VisibilityTimeout"] >= SIX_TIMES * worker["Timeout"]
        mapping = RESOURCES[f"{queue}Mapping"]["Properties"]
        assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert mapping["FunctionName"] == {"Ref": "SendWorkerFunction"}
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}
        assert QUEUES[queue]["RedrivePolicy"]["maxReceiveCount"] > 1


def test_each_priority_has_a_queue_that_whoever_enqueues_may_write_to() -> None:
    """By the names that the code knows; who may put chunks on one may on all."""
    named = {QUEUES[queue]["QueueName"]["Fn::Sub"] for queue in SEND_QUEUES}
    assert named == {f"${{Name}}-{source}" for source in SOURCES.values()}
    for role in ROLES.values():
        for statement in _statements(role):
            if "sqs:SendMessage" in _listed(statement["Action"]):
                targets = _listed(statement["Resource"])
                may = [{"Fn::GetAtt": [queue, "Arn"]} in targets for queue in SEND_QUEUES]
                assert all(may) or not any(may)
    for function in FUNCTIONS.values():
        variables = function.get("Environment", {}).get("Variables", {})
        assert ("SEND_QUEUE_URL" in variables) == ("URGENT_SEND_QUEUE_URL" in variables)


def test_a_start_is_given_up_when_its_campaign_expires() -> None:
    """By Lambda as by Scheduler, both by one parameter."""
    start = FUNCTIONS["StartCampaignFunction"]["EventInvokeConfig"]
    lateness = {"Ref": "MaxLatenessSeconds"}

    assert start["MaximumEventAgeInSeconds"] == lateness
    for name in ("CreateCampaignFunction", "ReconcileFunction"):
        variables = FUNCTIONS[name]["Environment"]["Variables"]
        assert variables["MAX_LATENESS_SECONDS"] == lateness
        assert variables["SCHEDULE_DEAD_LETTER_ARN"]


@pytest.mark.parametrize("name", ["StartCampaignFunction", "SendWorkerFunction", "RunJobFunction"])
def test_a_function_that_feeds_itself_is_not_taken_for_a_loop(name: str) -> None:
    """Lambda would stop it after sixteen rounds."""
    assert FUNCTIONS[name]["RecursiveLoop"] == "Allow"


def test_every_queue_is_encrypted_and_keeps_messages_for_two_weeks() -> None:
    """The longest that SQS keeps any."""
    for queue in QUEUES.values():
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 14 * 86_400


def test_the_table_cannot_be_lost_by_mistake() -> None:
    """Not by a deletion, nor by the stack's, nor by a wrong write."""
    table = RESOURCES["Table"]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert TEMPLATE["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_every_log_ends() -> None:
    """Each function has a log of its own, made beside it, with the retention of the parameter."""
    logs = _of_type("AWS::Logs::LogGroup")
    names = {group["LogGroupName"]["Fn::Sub"] for group in logs.values()}

    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in logs.values())
    for name, function in FUNCTIONS.items():
        assert f"/aws/lambda/{function['FunctionName']['Fn::Sub']}" in names
        assert RESOURCES[name]["DependsOn"] in logs


def test_the_api_is_throttled_and_logs_neither_path_nor_caller() -> None:
    """Paths hold ids that people chose; a caller's address is somebody's data."""
    stage = RESOURCES["HttpStage"]["Properties"]

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ThrottleRate"},
        "ThrottlingBurstLimit": {"Ref": "ThrottleBurst"},
    }
    logged = stage["AccessLogSettings"]["Format"]
    for personal in ("path", "sourceIp", "userAgent", "resourcePath", "authorizer"):
        assert personal not in logged


def test_the_names_and_variables_of_the_first_design() -> None:
    """Operators' own scripts know them."""
    names = {
        function["FunctionName"]["Fn::Sub"].replace("${Name}", "sentinel")
        for function in FUNCTIONS.values()
    }
    variables = FUNCTIONS["CreateCampaignFunction"]["Environment"]["Variables"]

    assert names >= {
        "sentinel-create-campaign",
        "sentinel-start-campaign",
        "sentinel-send-worker",
    }
    assert {"START_CAMPAIGN_LAMBDA_ARN", "EVENTBRIDGE_ROLE_ARN"} <= set(variables)
    assert ROLES["SchedulerInvokeRole"]["RoleName"]["Fn::Sub"] == "${Name}-scheduler-invoke"


def test_what_a_deployment_is_told_are_parameters() -> None:
    """Each variable of `make deploy` leads somewhere."""
    told = DeploymentSettings(
        sender="news@example.com",
        postal_address="1 High Street",
        public_url="https://mail.example.com",
        send_rate=1,
        worker_concurrency=2,
        worker_memory=512,
        start_concurrency=1,
        log_retention_days=7,
        max_lateness_seconds=60,
        throttle_rate=1,
        throttle_burst=1,
        unknown_held_seconds=3_600,
        stalled_seconds=300,
        alarm_address="oncall@example.com",
        ses_bulk=False,
        delivery_events=True,
        log_level="DEBUG",
    )

    assert set(told.parameters) <= set(TEMPLATE["Parameters"])
    assert told.parameters["SesBulk"] == "false"


def test_a_worker_has_memory_for_what_it_sends_at_once() -> None:
    """Less is refused before anything is deployed, and by CloudFormation."""
    least = TEMPLATE["Parameters"]["WorkerMemory"]["MinValue"]

    assert least == 256
    with pytest.raises(ValidationError, match="worker_memory"):
        DeploymentSettings(sender="news@example.com", worker_memory=least - 1)


def test_cloudformation_takes_the_template() -> None:
    """It reads 1 MB from S3 (AWS CloudFormation quotas), which it counts as 1,000,000 bytes."""
    assert (ROOT / "template.yaml").stat().st_size <= 1_000_000


def _documented() -> Mapping[str, set[str]]:
    """The metrics of docs/metrics.md, which a test of theirs holds to the adapter."""
    # Those of CloudWatch begin with a capital letter, those of Prometheus do not.
    rows = re.findall(
        r"^\| `([A-Z]\w+)` \| \w+ \| ([a-z, ]+) \|", METRICS.read_text(), re.MULTILINE
    )
    return {name: set(dimensions.split(", ")) for name, dimensions in rows}


def test_alarms_look_at_metrics_that_are_reported() -> None:
    """By the name and the dimensions that CloudWatch has them under: a wrong one never trips."""
    documented = _documented()
    alarms = [
        alarm
        for alarm in _of_type("AWS::CloudWatch::Alarm").values()
        if alarm["Namespace"] == "Sentinel"
    ]

    assert len(alarms) == 4
    for alarm in alarms:
        named = {each["Name"] for each in alarm["Dimensions"]}
        assert named == documented[alarm["MetricName"]]


def test_the_dashboard_shows_every_metric_that_is_reported() -> None:
    """Each under its dimensions, and the four of the first design."""
    text = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown: dict[str, set[str]] = {}
    for widget in json.loads(text)["widgets"]:
        for namespace, name, *parts in widget["properties"]["metrics"]:
            dimensions = {part for part in parts[::2] if isinstance(part, str)}
            shown[f"{namespace} {name}"] = dimensions

    of_sentinel = {name: names for name, names in shown.items() if name.startswith("Sentinel ")}
    assert of_sentinel == {f"Sentinel {name}": names for name, names in _documented().items()}
    assert set(shown) >= {
        "AWS/Lambda Duration",
        "AWS/Lambda Errors",
        "AWS/SQS NumberOfMessagesSent",
        "AWS/Scheduler InvocationAttemptCount",
    }


def test_only_this_accounts_ses_publishes_what_it_tells() -> None:
    """To the topic, and only the topic to the queue: who writes there suppresses whom they like."""
    (to_topic,) = RESOURCES["ProviderEventsTopicPolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]
    (to_queue,) = RESOURCES["ProviderEventsQueuePolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]

    assert to_topic["Principal"] == {"Service": "ses.amazonaws.com"}
    assert to_topic["Action"] == "sns:Publish"
    assert to_topic["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }
    assert to_queue["Principal"] == {"Service": "sns.amazonaws.com"}
    assert to_queue["Action"] == "sqs:SendMessage"
    assert to_queue["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "ProviderEventsTopic"}}}


def test_ses_tells_of_all_that_settles_or_suppresses() -> None:
    """Of deliveries only where that was asked for: each would cost a write."""
    destination = RESOURCES["ProviderEventsDestination"]["Properties"]["EventDestination"]
    *always, delivery = destination["MatchingEventTypes"]

    assert set(always) == {"send", "reject", "bounce", "complaint", "renderingFailure"}
    assert delivery == {"Fn::If": ["WithDeliveryEvents", "delivery", {"Ref": "AWS::NoValue"}]}
    assert TEMPLATE["Parameters"]["DeliveryEvents"]["Default"] == "false"
    subscription = RESOURCES["ProviderEventsSubscription"]["Properties"]
    assert subscription["RawMessageDelivery"] is True


def test_mails_name_the_configuration_set_and_may_do_so() -> None:
    """SES asks for a permission on it as on the identity; a local runner names it, too."""
    variables = FUNCTIONS["SendWorkerFunction"]["Environment"]["Variables"]
    allowed = [
        text
        for statement in _statements(ROLES["SendWorkerRole"])
        if "ses:SendEmail" in _listed(statement["Action"])
        for text in _texts(statement["Resource"])
    ]

    assert variables["CONFIGURATION_SET"] == {"Ref": "ConfigurationSet"}
    assert RESOURCES["ConfigurationSet"]["Properties"]["Name"] == {"Ref": "Name"}
    assert any(text.endswith(":configuration-set/${Name}") for text in allowed)
    for name, resource in RESOURCES.items():
        of_functions = "Function" in name or resource["Type"] in {
            "AWS::IAM::Role",
            "AWS::Logs::LogGroup",
            "AWS::Lambda::EventSourceMapping",
            "AWS::CloudWatch::Alarm",
        }
        if "ProviderEvents" in name or name == "ConfigurationSet":
            assert ("Condition" in resource) == of_functions, name


def test_what_ses_tells_is_taken_many_at_a_time() -> None:
    """Those of one chunk are one write; meanwhile their messages stay hidden."""
    mapping = RESOURCES["ProviderEventsMapping"]["Properties"]

    assert 10 <= mapping["BatchSize"] <= 100
    assert 0 < mapping["MaximumBatchingWindowInSeconds"] <= 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    timeout = FUNCTIONS["ProviderEventsFunction"]["Timeout"]
    assert QUEUES["ProviderEventsQueue"]["VisibilityTimeout"] >= SIX_TIMES * timeout
    assert QUEUES["ProviderEventsQueue"]["RedrivePolicy"]["maxReceiveCount"] > 1


def test_the_bucket_of_files_is_closed_and_kept() -> None:
    """To the public, to requests without TLS, to other accounts' objects; as the table is kept."""
    bucket = RESOURCES["FilesBucket"]
    (refused,) = RESOURCES["FilesBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    blocked = bucket["Properties"]["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(value is True for value in blocked.values())
    (rule,) = bucket["Properties"]["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    assert (refused["Effect"], refused["Principal"], refused["Action"]) == ("Deny", "*", "s3:*")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(refused["Resource"]) == 2
    assert TEMPLATE["Outputs"]["FilesBucketName"]["Value"] == {"Ref": "FilesBucket"}


def test_files_go_by_themselves() -> None:
    """Those of imports and exports after as long as the domain says; parts of none, sooner."""
    rules = RESOURCES["FilesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule for rule in rules if "ExpirationInDays" in rule}
    (unfinished,) = (rule for rule in rules if "ExpirationInDays" not in rule)

    assert set(expiring) == {"imports/", "exports/"}
    assert {rule["ExpirationInDays"] for rule in expiring.values()} == {KEPT.days}
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert all(rule["Status"] == "Enabled" for rule in rules)
