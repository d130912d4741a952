"""What SES lets an account do, and whom it lets it send as."""

from collections.abc import Iterator, Sequence

from domain.account import Account, Identity, Sender, Sending, Stack, Unread
from domain.domain_name import in_ascii
from entrypoints.deployment.finding import (
    Finding,
    Level,
    Wanted,
    has_functions,
    quota_request,
    unread,
    wanted_number,
)

DEFAULT_SEND_RATE = 0
"""Of template.yaml: what SES allows the account, and at least 1 a second."""
_NEARLY = 0.9
_FAR_BELOW = 0.5
_RATE_QUOTA, _DAILY_QUOTA = "L-CDEF9B6B", "L-804C8AE8"

_VERIFY = (
    "Verify the domain: `aws sesv2 create-email-identity --email-identity {domain}`, then put its "
    "three DKIM records, which the SES console shows, into the DNS of {domain}."
)
_SIGN = "Gmail and Yahoo ask for DKIM. {what}"


def sending_findings(account: Account, wanted: Wanted) -> Iterator[Finding]:
    """Of SES as a whole."""
    sending = account.sending
    if isinstance(sending, Unread):
        yield unread("SES", sending)
        return
    yield _of_production_access(sending)
    yield _of_standing(sending)
    yield _of_rate(sending, wanted_number(wanted.send_rate, account, "SendRate", DEFAULT_SEND_RATE))
    yield _of_daily_quota(sending)


def _of_production_access(sending: Sending) -> Finding:
    subject = "SES production access"
    if sending.has_production_access:
        return Finding(Level.OK, subject, "granted")
    return Finding(
        Level.WARN,
        subject,
        "none: in the sandbox SES mails to verified identities only, 200 a day, 1 a second",
        "Ask for it: `aws sesv2 put-account-details --production-access-enabled "
        "--mail-type MARKETING --website-url https://example.com`. Until then every recipient has "
        "to be a verified identity, too, and among SANDBOX_RECIPIENTS of `make deploy`.",
    )


def _of_standing(sending: Sending) -> Finding:
    subject = "SES sending"
    if sending.enforcement == "SHUTDOWN":
        return Finding(
            Level.FAIL,
            subject,
            "shut down by AWS",
            "Only AWS opens it again: tell it in its case in the Support Center what went wrong"
            " and what you changed.",
        )
    if not sending.is_enabled:
        return Finding(
            Level.FAIL,
            subject,
            "paused",
            "`aws sesv2 put-account-sending-attributes --sending-enabled`",
        )
    if sending.enforcement == "PROBATION":
        return Finding(
            Level.WARN,
            subject,
            "under review by AWS: bounces or complaints are too many",
            "Read its case in the Support Center, and mend the lists before the next campaign: AWS "
            "may shut sending down.",
        )
    if sending.enforcement != "HEALTHY":
        return Finding(
            Level.WARN,
            subject,
            f"enforcement status {sending.enforcement}",
            "Look at Account dashboard in the SES console.",
        )
    return Finding(Level.OK, subject, "enabled, in good standing")


def _of_rate(sending: Sending, wanted: int) -> Finding:
    subject = "SES send rate"
    follows_the_account = wanted == DEFAULT_SEND_RATE
    if follows_the_account and sending.max_rate >= 1:
        return Finding(Level.OK, subject, f"{sending.max_rate:g} a second allowed, and sent")
    wanted = max(1, wanted)
    found = f"{sending.max_rate:g} a second allowed, {wanted} wanted"
    if wanted > sending.max_rate:
        request = quota_request("ses", _RATE_QUOTA, wanted)
        allowed = int(sending.max_rate)
        lower = "Deploy with SEND_RATE=0, which follows it, or ask" if allowed else "Ask"
        return Finding(Level.FAIL, subject, found, f"{lower} for more: {request}.")
    if wanted < sending.max_rate * _FAR_BELOW:
        hint = "Campaigns would be faster with SEND_RATE=0: as much as the account allows."
        return Finding(Level.OK, subject, found, hint)
    return Finding(Level.OK, subject, found)


def _of_daily_quota(sending: Sending) -> Finding:
    subject = "SES daily quota"
    if sending.max_a_day < 0:
        return Finding(Level.OK, subject, "none")
    found = f"{sending.sent_last_day:.0f} of {sending.max_a_day:.0f} used in the last 24 hours"
    if sending.sent_last_day < sending.max_a_day * _NEARLY:
        return Finding(Level.OK, subject, found)
    used_up = sending.sent_last_day >= sending.max_a_day
    request = quota_request("ses", _DAILY_QUOTA, int(sending.max_a_day) * 2)
    return Finding(
        Level.FAIL if used_up else Level.WARN,
        subject,
        found,
        f"Wait: each mail counts for 24 hours. Or ask for more: {request}.",
    )


# Whom it lets it send as.


def sender_findings(sender: Sender, stack: Stack | Unread | None) -> Iterator[Finding]:
    """Of one sender."""
    subject = f"sender {sender.address}"
    domain = in_ascii(sender.address.rpartition("@")[2])
    if isinstance(sender.identities, Unread):
        yield unread(subject, sender.identities)
        return
    if not sender.identities:
        found = "neither the address nor its domain is an identity of SES in this region"
        yield Finding(Level.FAIL, subject, found, _VERIFY.format(domain=domain))
        return
    usable = [identity for identity in sender.identities if identity.is_verified]
    if not usable:
        yield _of_unverified(subject, sender.identities[0])
        return
    yield Finding(Level.OK, subject, f"verified by {usable[0].name}")
    yield _of_dkim(subject, domain, sender.identities)
    yield from _of_mail_from(subject, sender.identities)
    yield from _of_permission(subject, usable, stack)


def _of_unverified(subject: str, identity: Identity) -> Finding:
    remedy = (
        f"Follow the link that SES mailed to {identity.name}."
        if "@" in identity.name
        else f"Put the DKIM records that the SES console shows for {identity.name} into its DNS; "
        "SES looks for them for 72 hours."
    )
    return Finding(Level.FAIL, subject, f"{identity.name} is not verified", remedy)


def _of_dkim(subject: str, domain: str, identities: Sequence[Identity]) -> Finding:
    subject = f"{subject}: DKIM"
    if any(identity.signs and identity.dkim == "SUCCESS" for identity in identities):
        return Finding(Level.OK, subject, "mails are signed")
    domains = [identity for identity in identities if "@" not in identity.name]
    if not domains:
        found = "mails are not signed: only the address is verified"
        return Finding(
            Level.WARN,
            subject,
            found,
            _SIGN.format(what=_VERIFY.format(domain=domain)),
        )
    closest = domains[0]
    if closest.dkim == "SUCCESS":
        found = f"mails are not signed: signing is off for {closest.name}"
        what = (
            "Switch it on: `aws sesv2 put-email-identity-dkim-attributes --signing-enabled "
            f"--email-identity {closest.name}`."
        )
    else:
        found = f"mails are not signed: the keys of {closest.name} are {closest.dkim}"
        what = f"Put the DKIM records that the SES console shows for {closest.name} into its DNS."
    return Finding(Level.WARN, subject, found, _SIGN.format(what=what))


def _of_mail_from(subject: str, identities: Sequence[Identity]) -> Iterator[Finding]:
    subject = f"{subject}: MAIL FROM"
    identity = next((each for each in identities if each.mail_from is not None), None)
    if identity is None:
        return
    if identity.mail_from_status == "SUCCESS":
        yield Finding(Level.OK, subject, f"{identity.mail_from}")
        return
    yield Finding(
        Level.FAIL if identity.rejects_without_mail_from else Level.WARN,
        subject,
        f"{identity.mail_from} is {identity.mail_from_status}: SES "
        + ("refuses to send" if identity.rejects_without_mail_from else "uses amazonses.com"),
        f"Put the MX and TXT records that the SES console shows for {identity.name} into the DNS.",
    )


def _of_permission(
    subject: str, usable: Sequence[Identity], stack: Stack | Unread | None
) -> Iterator[Finding]:
    if not isinstance(stack, Stack) or not has_functions(stack):
        return
    arns = stack.parameters.get("SendingIdentities", "").split(",")
    names = {arn.partition(":identity/")[2].strip() for arn in arns}
    if any(identity.name in names for identity in usable):
        return
    yield Finding(
        Level.FAIL,
        subject,
        f"the send worker may not send by {usable[0].name}",
        "Deploy with this SENDER. Where the identity is a domain above the sender's, verify the "
        "sender's own first.",
    )
