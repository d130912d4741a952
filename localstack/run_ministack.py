"""Run ministack, mended where template.yaml needs it to be as AWS is (docs/emulators.md).

Run by the interpreter of `.emulator`, which has ministack; Sentinel does not import it.
"""

import json
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote

from ministack.app import main
from ministack.core import iam_actions
from ministack.services import lambda_svc

_resource_arn = iam_actions.extract_resource_arn
_sqs_esm_concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001  likewise
_iam_action = iam_actions.extract_iam_action
_SENDS = ("/v2/email/outbound-emails", "/v2/email/outbound-bulk-emails")


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


def _mapping_concurrency(mapping: dict[str, Any], *arguments: object) -> int:
    """As ministack has it, of a number that CloudFormation took from a parameter: a string."""
    scaling = mapping.get("ScalingConfig") or {}
    if "MaximumConcurrency" in scaling:
        scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
    concurrency: int = _sqs_esm_concurrency(mapping, *arguments)
    return concurrency


lambda_svc._sqs_esm_concurrency = _mapping_concurrency  # noqa: SLF001  where it is
iam_actions.extract_iam_action = _extract_iam_action
iam_actions.extract_resource_arn = _extract_resource_arn

if __name__ == "__main__":
    main()
