"""Run ministack, mended where its check of permissions would not fit AWS (docs/emulators.md).

Run by the interpreter of `.emulator`, which has ministack; Sentinel does not import it.
"""

import json
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from urllib.parse import unquote

from ministack.app import main
from ministack.core import iam_actions

_as_ministack_has_it = iam_actions.extract_resource_arn
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
    arn: str = _as_ministack_has_it(
        service, method, path, headers, body, query_params, region, account_id
    )
    return arn


iam_actions.extract_resource_arn = _extract_resource_arn

if __name__ == "__main__":
    main()
