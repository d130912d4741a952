"""Run ministack, mended where template.yaml needs it to be as AWS is (docs/emulators.md).

Run by the interpreter of `.emulator`, which has ministack; Sentinel does not import it. It ends
when its standard input does.
"""

import gc
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from http import HTTPStatus
from pathlib import Path
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.core.responses import get_account_id
from ministack.services import lambda_svc, ses, ses_v2, sns
from ministack.services.cloudformation import stacks

_resource_arn = iam_actions.extract_resource_arn
_sqs_esm_concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001  likewise
_iam_action = iam_actions.extract_iam_action
_pin_request_origin = app.pin_request_origin
_validation_errors = stacks._validation_errors  # noqa: SLF001  likewise
_handle_ses_v2 = ses_v2.handle_request
_windows: dict[str, float] = {}
"""When the batching window of a mapping was opened."""
_SENDS = ("/v2/email/outbound-emails", "/v2/email/outbound-bulk-emails")
_unpacking = Lock()


class _UnpackedOnce(zipfile.ZipFile):
    """A package whose files are links to those of its first unpacking.

    ministack unpacks it anew for each process of each function: thousands of files, which cost more
    than the process's own start. Nobody writes to them, as nobody can to a function's code on AWS.
    """

    def extractall(self, path: str) -> None:
        """All of it, into a folder that is there."""
        with Path(self.filename).open("rb") as package:
            digest = hashlib.file_digest(package, "sha256").hexdigest()
        first = Path(tempfile.gettempdir(), digest)
        with _unpacking:
            if not first.exists():
                partial = first.with_suffix(".partial")
                super().extractall(partial)
                partial.rename(first)
        shutil.copytree(first, path, copy_function=os.link, dirs_exist_ok=True)


def _extract_resource_arn(  # noqa: PLR0913, PLR0917  ministack's own signature
    service: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    query_params: Mapping[str, Sequence[str]],
    region: str,
    account_id: str,
) -> str:
    """As ministack has it, but for two resources that it does not know."""
    if service == "scheduler" and "/schedules/" in path:
        # A schedule's ARN names its group (Service Authorization Reference, EventBridge Scheduler).
        group = next(iter(query_params.get("groupName", ())), None)
        if group is None and body:
            group = json.loads(body).get("GroupName")
        name = unquote(path.rpartition("/")[2])
        return f"arn:aws:scheduler:{region}:{account_id}:schedule/{group or 'default'}/{name}"
    if service == "ses" and path.startswith(_SENDS):
        # Sending is allowed by the sender's identity (likewise, Amazon SES v2).
        sender = parseaddr(json.loads(body).get("FromEmailAddress", ""))[1]
        return f"arn:aws:ses:{region}:{account_id}:identity/{sender}"
    arn: str = _resource_arn(service, method, path, headers, body, query_params, region, account_id)
    return arn


def _extract_iam_action(*arguments: object, **named: object) -> str | None:
    """As ministack has it, but that SQS's batches are allowed by the action of one message."""
    action: str | None = _iam_action(*arguments, **named)
    if action is not None and action.startswith("sqs:"):
        return action.removesuffix("Batch")
    return action


def _pin_as_by_tls(source_ip: str, _secure_transport: bool) -> None:
    """As ministack has it, but that requests count as sent by TLS, which it does not serve."""
    _pin_request_origin(source_ip, True)


def _mapping_concurrency(
    mapping: dict[str, Any], function: object, configuration: object, queue: dict[str, Any]
) -> int:
    """As ministack has it, of a number that CloudFormation took from a parameter: a string.

    None, while a batching window is open and there is no whole batch.
    """
    window = int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if window:
        opened = _windows.setdefault(mapping["UUID"], 0.0)
        if len(queue["messages"]) < mapping["BatchSize"] and time.monotonic() - opened < window:
            return 0
        _windows[mapping["UUID"]] = time.monotonic()
    scaling = mapping.get("ScalingConfig") or {}
    if "MaximumConcurrency" in scaling:
        scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
    concurrency: int = _sqs_esm_concurrency(mapping, function, configuration, queue)
    return concurrency


def _errors_but_taken_names(*arguments: object) -> list[tuple[str, ...]]:
    """As ministack has it, but that a bucket which a stack takes over may be there.

    Of one that it may not take over, the creation fails.
    """
    errors: list[tuple[str, ...]] = _validation_errors(*arguments)
    return [error for error in errors if "NAME_CONFLICT_VALIDATION" not in error]


async def _handle_and_publish(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    query_params: Mapping[str, Sequence[str]],
) -> tuple[int, Any, bytes]:  # Any: ministack's own headers
    """As ministack has it, but that the configuration set's topics are told of what was sent."""
    answer: tuple[int, Any, bytes] = await _handle_ses_v2(method, path, headers, body, query_params)
    if method == "POST" and path.startswith(_SENDS) and answer[0] == HTTPStatus.OK:
        request = json.loads(body)
        for mail in _mails(request, json.loads(answer[2])):
            _publish_events(request.get("ConfigurationSetName", ""), mail)
    return answer


def _mails(request: dict[str, Any], answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What events say of each mail that was taken.

    Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to Amazon SNS".
    """
    if "BulkEmailEntryResults" in answer:
        results = zip(request["BulkEmailEntries"], answer["BulkEmailEntryResults"], strict=True)
        sent = [
            (entry, entry.get("ReplacementHeaders", []), entry.get("ReplacementTags", []), result)
            for entry, result in results
            if result["Status"] == "SUCCESS"
        ]
    else:
        own = request["Content"].get("Simple", {}).get("Headers", [])
        sent = [(request, own, request.get("EmailTags", []), answer)]
    for entry, own_headers, tags, result in sent:
        sender = request["FromEmailAddress"]
        to = entry["Destination"]["ToAddresses"]
        yield {
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "source": sender,
            "sendingAccountId": get_account_id(),
            "messageId": result["MessageId"],
            "destination": to,
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": sender},
                {"name": "To", "value": ", ".join(to)},
                *({"name": each["Name"], "value": each["Value"]} for each in own_headers),
            ],
            "tags": {
                "ses:configuration-set": [request.get("ConfigurationSetName", "")],
                **{each["Name"]: [each["Value"]] for each in tags},
            },
        }


def _publish_events(configuration_set: str, mail: dict[str, Any]) -> None:
    """What the mailbox simulator does, to those destinations that are topics."""
    found = ses_v2._config_sets.get(configuration_set) or {}  # noqa: SLF001  where they are
    for destination in (found.get("EventDestinations") or {}).values():
        topic = destination.get("SnsDestination", {}).get("TopicArn")
        if not topic or not destination["Enabled"]:
            continue
        for kind, detail in _events(mail):
            if kind.upper() in destination["MatchingEventTypes"]:
                event = {"eventType": kind, "mail": mail, kind.lower(): detail}
                sns.publish_internal(topic, json.dumps(event))


def _events(mail: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Send", {}
    for address in mail["destination"]:
        local, _, domain = address.lower().rpartition("@")
        outcomes = (("Delivery", None),)
        if domain == ses._SIMULATOR_DOMAIN:  # noqa: SLF001  likewise
            simulated = ses._SIMULATOR_OUTCOMES  # noqa: SLF001  likewise
            outcomes = simulated.get(local.partition("+")[0], outcomes)
        for kind, subtype in outcomes:
            detail = ses._notification_detail(kind, address, mail["timestamp"], subtype)  # noqa: SLF001
            yield kind, next(iter(detail.values()))


def _end_with_standard_input() -> None:
    # Nobody writes: it ends with whoever started this, however that ends.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


ses_v2.handle_request = _handle_and_publish
lambda_svc._sqs_esm_concurrency = _mapping_concurrency  # noqa: SLF001  where it is
stacks._validation_errors = _errors_but_taken_names  # noqa: SLF001  where it is
app.pin_request_origin = _pin_as_by_tls
iam_actions.extract_iam_action = _extract_iam_action
iam_actions.extract_resource_arn = _extract_resource_arn
lambda_runtime.zipfile = SimpleNamespace(ZipFile=_UnpackedOnce, BadZipFile=zipfile.BadZipFile)

if __name__ == "__main__":
    # It keeps all records as objects: to look through gigabytes of them for garbage takes longer
    # than clients wait for an answer. The young ones are still looked through.
    gc.set_threshold(10_000, 10, 1_000_000)
    Thread(target=_end_with_standard_input, daemon=True).start()
    # It leaves what it unpacked; a test run would leave gigabytes.
    with tempfile.TemporaryDirectory(prefix="ministack-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        app.main()
