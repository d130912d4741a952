"""What the server refuses, in the words of the command line.

The server speaks of the members and headers of a request; whoever typed a command knows its
options and arguments.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

_OTHERWISE: Mapping[str, Sequence[str]] = {
    "schedule_at": ("--at",),
    "template_id": ("--template", "TEMPLATE"),
    "segment_id": ("--segment", "SEGMENT"),
    "exclude_segment_ids": ("--exclude",),
    "contact_id": ("--contact",),
    "contact_ids": ("--contact", "CONTACT"),
    "confirmation_template_id": ("--confirmation-template",),
    "execution_path": ("--path",),
    "unknown_policy": ("--unknown",),
    "max_occurrences": ("--max",),
    "email": ("ADDRESS",),
    "fields": ("--field",),
    "defaults": ("--default",),
    "columns": ("--column",),
    "consent/source": ("--consent-source",),
    "consent/at": ("--consent-at",),
    "spreadsheet_safe": ("--for-programs",),
    "url": ("--to", "ENDPOINT"),
    "events": ("--event",),
    "enabled": ("--enable",),
    "upload": ("IMPORT",),
    "action": ("--resend",),
}
"""What a member is called on the command line, where that is not its name in the style there."""
_IN_SENTENCES = re.compile(
    r"(?<!['\w-])"
    r"(schedule_at|timezone|fold|local_time|immediate_only|contact_ids?|created_after"
    r"|confirmation_template_id)"
    r"(?!['\w])"
)
"""Members that a sentence speaks of. In quotes it is what somebody typed."""
PHRASES: Mapping[str, str] = {
    "Mend what errors names and send it again.": "Mend this, and try again:",
    "Check the id in the address.": "Check the id.",
    "Send Authorization: Bearer, and a key that was not revoked and has not expired.": (
        "It needs one that was not revoked and has not expired."
    ),
    "See /openapi.json for what is.": "The server is older than this command line.",
    "The log has it under the X-Request-Id of this answer.": "The log has it.",
    "Send it again after Retry-After, or without immediate_only: then it is queued": (
        "Try again later, or leave out --immediate-only: then it is queued"
    ),
    "A request with this Idempotency-Key is still running": "The same is being done by now",
    "Send it again in a moment, with the same key, to have its answer.": (
        "Look in a moment what became of it."
    ),
    # By another command it would be done twice.
    "Send it again with the same Idempotency-Key: it is not done twice.": (
        "It may have been done all the same: look before you try again."
    ),
    "look before you send it again": "look before you try again",
    "Send the request again in a moment.": "Try again in a moment.",
    "PATCH it with another": "move it to another",
    "POST to its /approve": "approve it",
    "PUT it to the upload's URL": "upload it by `sentinel import FILE --into IMPORT`",
    "PUT another to the upload's URL": "upload another by `sentinel import FILE --into IMPORT`",
    ", which is there when the import is read": "",
    "needs confirm: true": "needs --confirm",
}
"""The server's, and what they come to here."""


def refusal_lines(document: Mapping[str, Any], options: Collection[str]) -> Sequence[str]:
    """What a problem document says to who gave a command with these options and arguments."""
    title, detail = (_in_own_words(document[name], options) for name in ("title", "detail"))
    if document.get("type") == "urn:sentinel:problem:stale-revision":
        detail = _of_stale_revision(document["revision"], options)
    return (f"{title}.", detail, *(_fault(each, options) for each in document.get("errors") or ()))


def option_of(member: str, options: Collection[str]) -> str | None:
    """What gives a member its value; None where that is none of the command's options."""
    names = (*_OTHERWISE.get(member, ()), f"--{member.replace('_', '-')}", member.upper())
    return next((name for name in names if name in options), None)


def _of_stale_revision(revision: int, options: Collection[str]) -> str:
    told = f"It is at revision {revision} by now, and nothing was changed. Look at it again"
    if "--revision" not in options:
        return f"{told}, and decide again."
    return f"{told}, and say --revision {revision} if that is still what you want."


def _fault(fault: Mapping[str, str], options: Collection[str]) -> str:
    detail = _in_own_words(fault["detail"], options)
    place = _place(fault["pointer"], options)
    return f"{place}: {detail}" if place else detail


def _place(pointer: str, options: Collection[str]) -> str:
    path = pointer.removeprefix("/")
    whole = option_of(path, options)
    if whole is not None:
        return whole
    member, _, inside = path.partition("/")
    option = option_of(member, options)
    if option is None:
        return pointer
    if inside.isdecimal():
        return f"{option}, number {int(inside) + 1}"
    if member == "rule":
        # It is JSON here, too.
        return f"{option} /{inside}"
    return f"{option} {inside.replace('~1', '/').replace('~0', '~')}"


def _in_own_words(text: str, options: Collection[str]) -> str:
    for phrase, own in PHRASES.items():
        text = text.replace(phrase, own)
    return _IN_SENTENCES.sub(lambda found: option_of(found[1], options) or found[1], text)
