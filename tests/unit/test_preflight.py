"""The preflight's rules: what is wrong with an account is named with its remedy."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.memory.dns import MemoryDns
from adapters.memory.web import MemoryWeb
from domain.account import (
    Account,
    Caller,
    Concurrency,
    Identity,
    Reputation,
    Role,
    Sender,
    Sending,
    Stack,
    StackContents,
    Trust,
    TrustCondition,
    Unread,
)
from domain.ports.dns import Dns
from domain.ports.web import Web
from entrypoints.deployment.finding import Finding, Level, Wanted
from entrypoints.deployment.preflight import findings as all_findings
from entrypoints.deployment.preflight import main
from entrypoints.deployment.rule_findings import Outside
from entrypoints.deployment.sending_findings import DEFAULT_SEND_RATE
from entrypoints.deployment.stack_findings import (
    DEFAULTS,
    ROLES,
)

ACCOUNT = "123456789012"
GROUP_ARN = f"arn:aws:scheduler:eu-central-1:{ACCOUNT}:schedule-group/sentinel"
ADDRESS = "news@example.com"


def arn_of(identity: str) -> str:
    """An identity's."""
    return f"arn:aws:ses:eu-central-1:{ACCOUNT}:identity/{identity}"


WANTED = Wanted(senders=(ADDRESS,))
ONE_DIRECT_START = "DIRECT_STARTS_BURST=1 DIRECT_STARTS_A_SECOND=1"
FEWEST_STARTS = f"{ONE_DIRECT_START} START_QUEUE_CONCURRENCY=2"
DOMAIN = Identity(
    name="example.com",
    is_verified=True,
    signs=True,
    dkim="SUCCESS",
    key_bits=2_048,
    mail_from="bounce.example.com",
    mail_from_status="SUCCESS",
)
SPF = "v=spf1 include:amazonses.com ~all"
TEXTS = {"_dmarc.example.com": ["v=DMARC1; p=quarantine"], "bounce.example.com": [SPF]}
EXCHANGES = {"bounce.example.com": ["feedback-smtp.eu-central-1.amazonses.com"]}
URL = "https://api.example"
DNS = MemoryDns(TEXTS, EXCHANGES)
WEB = MemoryWeb({f"{URL}/healthz": 200})
SENDING = Sending(
    has_production_access=True,
    is_enabled=True,
    enforcement="HEALTHY",
    max_rate=14.0,
    max_a_day=50_000.0,
    sent_last_day=0.0,
)
FROM_THIS_ACCOUNT = TrustCondition("StringEquals", "aws:sourceaccount", frozenset({ACCOUNT}))
FROM_THIS_GROUP = TrustCondition("StringEquals", "aws:sourcearn", frozenset({GROUP_ARN}))
SCHEDULER = frozenset({"scheduler.amazonaws.com"})
CONTENTS = StackContents(
    roles={
        logical: Role(
            f"sentinel-{logical}",
            (
                Trust(SCHEDULER, (FROM_THIS_ACCOUNT, FROM_THIS_GROUP))
                if logical == "SchedulerInvokeRole"
                else Trust(frozenset({service})),
            ),
        )
        for logical, service in ROLES.items()
    },
    schedule_groups={"ScheduleGroup": "sentinel"},
    reserved=0,
)
STACK = Stack(
    name="sentinel",
    status="UPDATE_COMPLETE",
    parameters={
        "SendingIdentities": arn_of("example.com"),
        "PostalAddress": "1 High Street, Harrowick",
    },
    contents=CONTENTS,
    outputs={"ApiUrl": URL},
)
HEALTHY = Account(
    caller=Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/somebody", "eu-central-1"),
    sending=SENDING,
    reputation=Reputation(bounces=0.01, complaints=0.0002),
    senders=(Sender(ADDRESS, (DOMAIN,)),),
    concurrency=Concurrency(1_000, 1_000),
    stack=STACK,
)


def findings(
    account: Account, wanted: Wanted = WANTED, dns: Dns = DNS, web: Web = WEB
) -> Sequence[Finding]:
    """With a DNS and a web in which all is well, but for what a test says."""
    return all_findings(account, wanted, Outside(dns, web))


def failures(account: Account, wanted: Wanted = WANTED) -> Sequence[Finding]:
    """All that is not OK."""
    return [each for each in findings(account, wanted) if each.level is not Level.OK]


def only(account: Account, wanted: Wanted = WANTED) -> Finding:
    """The one thing that is not OK."""
    (finding,) = failures(account, wanted)
    return finding


def of(subject: str, account: Account, wanted: Wanted = WANTED) -> Finding:
    """What was found of a subject."""
    (finding,) = [each for each in findings(account, wanted) if each.subject == subject]
    return finding


def sent_as(*identities: Identity) -> Account:
    """The healthy account with other identities."""
    return replace(HEALTHY, senders=(Sender(ADDRESS, identities),))


def with_identities(arns: str) -> Stack:
    """The stack, which may send by these."""
    return replace(STACK, parameters={**STACK.parameters, "SendingIdentities": arns})


def publishing(dmarc: str, name: str = "_dmarc.example.com") -> Dns:
    """The DNS with another DMARC record."""
    others = {known: texts for known, texts in TEXTS.items() if not known.startswith("_dmarc.")}
    return MemoryDns({**others, name: [dmarc]}, EXCHANGES)


def with_role(logical: str, role: Role | Unread | None) -> Account:
    """The healthy account with another role."""
    contents = replace(CONTENTS, roles={**CONTENTS.roles, logical: role})
    return replace(HEALTHY, stack=replace(STACK, contents=contents))


def trusting(*conditions: TrustCondition) -> Account:
    """The healthy account, whose scheduler role trusts Scheduler under these conditions."""
    return with_role("SchedulerInvokeRole", Role("invoke", (Trust(SCHEDULER, conditions),)))


def test_a_healthy_account_has_nothing_to_mend() -> None:
    """And says in which account and region it was asked."""
    assert failures(HEALTHY) == []
    assert ACCOUNT in of("account", HEALTHY).found
    assert "eu-central-1" in of("account", HEALTHY).found


def test_the_worst_comes_first() -> None:
    """FAIL, then WARN, then OK."""
    account = replace(
        HEALTHY,
        sending=replace(SENDING, has_production_access=False, is_enabled=False),
    )

    levels = [each.level for each in findings(account, WANTED)]

    assert levels[:3] == [Level.FAIL, Level.WARN, Level.OK]
    assert set(levels[2:]) == {Level.OK}


def test_what_needs_mending_says_how() -> None:
    """No FAIL and no WARN is without a remedy."""
    account = Account(
        caller=HEALTHY.caller,
        sending=replace(
            SENDING, has_production_access=False, enforcement="PROBATION", sent_last_day=50_000.0
        ),
        reputation=Reputation(bounces=None, complaints=0.004),
        senders=(Sender(ADDRESS, ()),),
        concurrency=Concurrency(10, 10),
        stack=replace(STACK, status="UPDATE_FAILED", contents=replace(CONTENTS, roles={})),
    )

    found = failures(account)

    assert len(found) == 17
    assert all(each.remedy for each in found)


# What cannot be read.


def denied(permission: str) -> Unread:
    """What is not allowed."""
    return Unread(permission, "AccessDeniedException", is_denied=True)


@pytest.mark.parametrize(
    ("account", "permission"),
    [
        (replace(HEALTHY, caller=denied("sts:GetCallerIdentity")), "sts:GetCallerIdentity"),
        (replace(HEALTHY, sending=denied("ses:GetAccount")), "ses:GetAccount"),
        (
            replace(HEALTHY, concurrency=denied("lambda:GetAccountSettings")),
            "lambda:GetAccountSettings",
        ),
        (replace(HEALTHY, stack=denied("cloudformation:DescribeStacks")), "DescribeStacks"),
    ],
)
def test_a_denied_question_names_the_permission(account: Account, permission: str) -> None:
    """To be granted, and is no reason to leave out the others."""
    found = failures(account)

    assert {each.level for each in found} == {Level.WARN}
    assert "AccessDeniedException" in found[0].found
    assert "Grant " in found[0].remedy
    assert permission in found[0].remedy
    assert len(findings(account, WANTED)) > len(found) + 3


def test_a_denied_identity_and_a_denied_role_are_named() -> None:
    """Each by its own permission."""
    account = replace(
        with_role("ApiRole", denied("iam:GetRole")),
        senders=(Sender(ADDRESS, denied("ses:GetEmailIdentity")),),
    )

    found = {each.subject: each.remedy for each in failures(account)}

    assert "Grant ses:GetEmailIdentity" in found[f"sender {ADDRESS}"]
    assert "Grant iam:GetRole" in found["role ApiRole"]


def test_denied_contents_and_reservations_of_the_stack_are_named() -> None:
    """They are asked for apart from the stack itself."""
    reserved = replace(CONTENTS, reserved=denied("lambda:GetFunctionConcurrency"))
    unknown = denied("cloudformation:DescribeStackResources")

    for contents in (reserved, unknown):
        finding = only(replace(HEALTHY, stack=replace(STACK, contents=contents)))
        assert finding.level is Level.WARN
        assert "Grant " in finding.remedy


def test_a_question_without_an_answer_is_not_taken_for_denied() -> None:
    """No permission is asked for."""
    unread = Unread("ses:GetAccount", "ReadTimeoutError", is_denied=False)

    finding = only(replace(HEALTHY, sending=unread))

    assert "ReadTimeoutError" in finding.found
    assert "Grant" not in finding.remedy


def test_an_account_is_closed_when_nothing_could_be_read() -> None:
    """One answer is enough to go on."""
    unread = denied("any")
    closed = Account(
        caller=unread,
        sending=unread,
        reputation=unread,
        senders=(Sender(ADDRESS, unread),),
        concurrency=unread,
        stack=unread,
    )

    assert closed.is_closed
    assert not replace(closed, stack=None).is_closed
    assert not replace(closed, senders=(Sender(ADDRESS, ()),)).is_closed


# What SES lets the account do.


def test_the_sandbox_is_told_with_its_limits_and_the_way_out() -> None:
    """Recipients have to be verified, too."""
    finding = only(replace(HEALTHY, sending=replace(SENDING, has_production_access=False)))

    assert finding.level is Level.WARN
    assert "200 a day, 1 a second" in finding.found
    assert "--production-access-enabled" in finding.remedy
    assert "every recipient" in finding.remedy


@pytest.mark.parametrize(
    ("change", "level", "word"),
    [
        ({"is_enabled": False}, Level.FAIL, "--sending-enabled"),
        ({"enforcement": "SHUTDOWN"}, Level.FAIL, "Only AWS"),
        ({"enforcement": "SHUTDOWN", "is_enabled": False}, Level.FAIL, "Only AWS"),
        ({"enforcement": "PROBATION"}, Level.WARN, "Support Center"),
        ({"enforcement": "SOMETHING_NEW"}, Level.WARN, "SES console"),
    ],
)
def test_sending_that_is_stopped_or_watched_is_told(
    change: dict[str, str | bool], level: Level, word: str
) -> None:
    """With what opens it again."""
    finding = only(replace(HEALTHY, sending=replace(SENDING, **change)))  # type: ignore[arg-type]

    assert finding.subject == "SES sending"
    assert finding.level is level
    assert word in finding.remedy


def test_a_rate_above_the_accounts_fails() -> None:
    """It says what the account allows, and how to get more."""
    finding = only(HEALTHY, replace(WANTED, send_rate=15))

    assert finding.level is Level.FAIL
    assert finding.found == "14 a second allowed, 15 wanted"
    assert "SEND_RATE=0" in finding.remedy
    assert "--quota-code L-CDEF9B6B --desired-value 15`" in finding.remedy


def test_the_accounts_own_rate_is_fine() -> None:
    """To the last mail."""
    assert failures(HEALTHY, replace(WANTED, send_rate=14)) == []
    assert of("SES send rate", HEALTHY, replace(WANTED, send_rate=14)).remedy == ""


def test_a_rate_far_below_the_accounts_is_a_hint() -> None:
    """Nothing is wrong with it."""
    finding = of("SES send rate", HEALTHY, replace(WANTED, send_rate=6))

    assert finding.level is Level.OK
    assert "SEND_RATE=0" in finding.remedy


@pytest.mark.parametrize("max_rate", [1.0, 14.0, 500.0])
def test_a_rate_that_follows_the_account_is_fine(max_rate: float) -> None:
    """Whatever the account allows, and told how much that is."""
    account = replace(HEALTHY, sending=replace(SENDING, max_rate=max_rate))
    finding = of("SES send rate", account, replace(WANTED, send_rate=0))

    assert (finding.level, finding.remedy) == (Level.OK, "")
    assert finding.found == f"{max_rate:g} a second allowed, and sent"


def test_an_account_of_less_than_a_mail_a_second_is_not_told_to_send_none() -> None:
    """A rate of none is no setting."""
    finding = only(replace(HEALTHY, sending=replace(SENDING, max_rate=0.0)))

    assert finding.remedy.startswith("Ask for more")


@pytest.mark.parametrize(
    ("sent", "level"),
    [(44_999.0, Level.OK), (45_000.0, Level.WARN), (50_000.0, Level.FAIL)],
)
def test_a_daily_quota_that_is_nearly_used_warns(sent: float, level: Level) -> None:
    """One that is used up fails."""
    account = replace(HEALTHY, sending=replace(SENDING, sent_last_day=sent))

    assert of("SES daily quota", account).level is level


def test_no_daily_quota_is_never_used_up() -> None:
    """SES writes -1 for none."""
    account = replace(HEALTHY, sending=replace(SENDING, max_a_day=-1.0, sent_last_day=10.0))

    assert of("SES daily quota", account) == Finding(Level.OK, "SES daily quota", "none")


# Numbers that are not asked for.


def test_the_deployed_numbers_are_checked_where_none_are_asked_for() -> None:
    """After a deployment the stack says what is wanted; an option goes before it."""
    stack = replace(
        STACK,
        parameters={
            **STACK.parameters,
            "SendRate": "28",
            "WorkerConcurrency": "700",
            "StartConcurrency": "901",
        },
    )
    deployed = replace(HEALTHY, stack=stack)

    assert of("SES send rate", deployed).found == "14 a second allowed, 28 wanted"
    assert of("Lambda reserved concurrency", deployed).level is Level.FAIL
    assert of("Lambda concurrency", deployed).level is Level.WARN
    asked = replace(WANTED, send_rate=14, worker_concurrency=2, start_concurrency=0)
    assert failures(deployed, asked) == []


def test_without_a_stack_the_templates_numbers_are_checked() -> None:
    """As many mails a second as the account allows, two workers of each kind, none reserved."""
    account = replace(HEALTHY, stack=None, sending=replace(SENDING, max_rate=1.0))

    assert of("SES send rate", account).found == "1 a second allowed, and sent"
    assert "6 for workers" in of("Lambda concurrency", account).found
    assert of("Lambda reserved concurrency", account).found.startswith("0 wanted")


# Whom SES lets it send as.


def test_a_sender_that_is_no_identity_fails() -> None:
    """The way is to verify its domain."""
    finding = only(sent_as())

    assert finding.level is Level.FAIL
    assert "create-email-identity --email-identity example.com" in finding.remedy


@pytest.mark.parametrize(
    ("name", "word"), [("example.com", "DKIM records"), (ADDRESS, "Follow the link")]
)
def test_a_sender_that_is_not_verified_fails(name: str, word: str) -> None:
    """A domain is verified by its DNS, an address by a link."""
    finding = only(sent_as(Identity(name=name, is_verified=False, signs=False, dkim="PENDING")))

    assert finding.level is Level.FAIL
    assert finding.found == f"{name} is not verified"
    assert word in finding.remedy


def test_a_verified_domain_covers_an_address_that_is_not() -> None:
    """The mails are signed by the domain."""
    address = Identity(name=ADDRESS, is_verified=False, signs=False, dkim="NOT_STARTED")

    account = sent_as(address, DOMAIN)

    assert failures(account) == []
    assert of(f"sender {ADDRESS}", account).found == "verified by example.com"


@pytest.mark.parametrize(
    ("identity", "word"),
    [
        (replace(DOMAIN, signs=False), "put-email-identity-dkim-attributes --signing-enabled"),
        (replace(DOMAIN, dkim="PENDING"), "Put the DKIM records"),
        (replace(DOMAIN, dkim="FAILED", signs=False), "Put the DKIM records"),
        (
            Identity(name=ADDRESS, is_verified=True, signs=False, dkim="NOT_STARTED"),
            "Verify the domain",
        ),
    ],
)
def test_mails_that_are_not_signed_warn(identity: Identity, word: str) -> None:
    """Large providers refuse bulk mail without DKIM and DMARC."""
    account = sent_as(identity)
    account = replace(account, stack=with_identities(arn_of(identity.name)))
    (finding,) = [
        each
        for each in findings(account, dns=publishing("v=DMARC1; p=none"))
        if each.level is not Level.OK
    ]

    assert finding.subject == f"sender {ADDRESS}: DKIM"
    assert finding.level is Level.WARN
    assert word in finding.remedy
    assert "Gmail and Yahoo" in finding.remedy


@pytest.mark.parametrize(
    ("status", "rejects", "level"),
    [
        ("SUCCESS", True, Level.OK),
        ("PENDING", False, Level.WARN),
        ("FAILED", False, Level.WARN),
        ("FAILED", True, Level.FAIL),
    ],
)
def test_a_return_path_that_does_not_stand_is_told(
    status: str, rejects: bool, level: Level
) -> None:
    """It fails where SES was told to send nothing without it."""
    identity = replace(
        DOMAIN,
        mail_from="bounce.example.com",
        mail_from_status=status,
        rejects_without_mail_from=rejects,
    )

    finding = of(f"sender {ADDRESS}: MAIL FROM", sent_as(identity))

    assert finding.level is level
    assert "bounce.example.com" in finding.found


def test_an_identity_that_the_worker_may_send_by_is_fine() -> None:
    """Among others."""
    identities = ",".join(arn_of(each) for each in (ADDRESS, "example.com"))

    assert failures(replace(HEALTHY, stack=with_identities(identities))) == []


def test_an_identity_that_the_worker_may_not_send_by_fails() -> None:
    """Every mail would be refused."""
    finding = only(replace(HEALTHY, stack=with_identities(arn_of("notexample.com"))))

    assert finding.level is Level.FAIL
    assert finding.found == "the send worker may not send by example.com"
    assert "Deploy with this SENDER" in finding.remedy


# Gmail's and Yahoo's rules (docs/sender-rules.md).


def told(subject: str, account: Account, dns: Dns = DNS, web: Web = WEB) -> Finding:
    """What was found of a sender's rule."""
    (finding,) = [
        each
        for each in findings(account, dns=dns, web=web)
        if each.subject == f"sender {ADDRESS}: {subject}"
    ]
    return finding


def test_every_rule_that_is_kept_is_told() -> None:
    """The checklist is seen to have been gone through."""
    subjects = {each.subject for each in findings(HEALTHY)}

    of_sender = ("DKIM", "DKIM key", "DMARC", "alignment", "MAIL FROM", "SPF", "MX")
    assert {f"sender {ADDRESS}: {each}" for each in of_sender} <= subjects
    assert {"complaint rate", "one-click unsubscribe", "postal address"} <= subjects


@pytest.mark.parametrize(
    ("dmarc", "level", "word"),
    [
        ("v=DMARC1; p=none", Level.OK, "p=quarantine"),
        ("v=DMARC1; p=reject", Level.OK, ""),
        ("v=DMARC1; p=monitor", Level.WARN, "Leave one TXT record"),
        ("something else", Level.WARN, "`v=DMARC1; p=none` at _dmarc.example.com"),
    ],
)
def test_the_dmarc_record_is_read(dmarc: str, level: Level, word: str) -> None:
    """At least p=none, and written so that receivers take it."""
    finding = told("DMARC", HEALTHY, publishing(dmarc))

    assert finding.level is level
    assert word in finding.remedy


def below(domain: str, dkim_domain: str = "example.com") -> Account:
    """The healthy account, which sends from a domain below its identity's."""
    identity = replace(DOMAIN, name=dkim_domain)
    sender = Sender(f"news@{domain}", (identity,))
    stack = with_identities(arn_of(dkim_domain))
    return replace(HEALTHY, senders=(sender,), stack=stack)


def test_a_record_of_a_domain_above_counts_by_its_word_for_those_below() -> None:
    """As receivers take it."""
    account = below("mail.example.com")
    dns = publishing("v=DMARC1; p=reject; sp=none")

    (finding,) = [each for each in findings(account, dns=dns) if each.subject.endswith(": DMARC")]

    assert finding.found == "p=none, by _dmarc.example.com"


@pytest.mark.parametrize(("policy", "level"), [("none", Level.WARN), ("reject", Level.FAIL)])
def test_a_signature_that_does_not_align_is_told(policy: str, level: Level) -> None:
    """Strict alignment takes no signature of the domain above: every mail would be refused."""
    account = below("mail.example.com")
    dns = publishing(f"v=DMARC1; p={policy}; adkim=s; aspf=s")

    (finding,) = [each for each in findings(account, dns=dns) if each.level is not Level.OK]

    assert finding.subject == "sender news@mail.example.com: alignment"
    assert finding.level is level
    assert "create-email-identity --email-identity mail.example.com`" in finding.remedy


def test_a_return_path_that_aligns_stands_for_a_missing_signature() -> None:
    """DMARC asks for one of the two."""
    unsigned = sent_as(replace(DOMAIN, signs=False))
    assert told("alignment", unsigned).level is Level.OK

    refused = sent_as(replace(DOMAIN, signs=False, mail_from_status="FAILED"))
    assert told("alignment", refused).level is Level.FAIL


@pytest.mark.parametrize("address", ["shop@gmail.com", "shop@yahoo.co.uk"])
def test_a_sender_of_a_mailbox_provider_fails(address: str) -> None:
    """Verified or not, its mails are refused."""
    own = replace(DOMAIN, name=address, signs=False, mail_from=None)
    stack = with_identities(arn_of(address))
    account = replace(HEALTHY, senders=(Sender(address, (own,)),), stack=stack)

    finding = of(f"sender {address}: From", account)

    assert finding.level is Level.FAIL
    assert "domain of your own" in finding.remedy


def test_a_short_key_is_a_hint() -> None:
    """Gmail takes it."""
    finding = told("DKIM key", sent_as(replace(DOMAIN, key_bits=1_024)))

    assert finding.level is Level.OK
    assert "NextSigningKeyLength=RSA_2048_BIT --email-identity example.com`" in finding.remedy
    assert told("DKIM key", sent_as(replace(DOMAIN, key_bits=None))).remedy == ""


def test_without_a_return_path_of_its_own_spf_passes_for_ses() -> None:
    """Which no rule forbids; how to have one is said whole."""
    finding = told("SPF", sent_as(replace(DOMAIN, mail_from=None, mail_from_status=None)))

    assert finding.level is Level.OK
    assert "--mail-from-domain bounce.example.com --email-identity example.com`" in finding.remedy
    assert "`10 feedback-smtp.eu-central-1.amazonses.com`" in finding.remedy
    assert f"`{SPF}`" in finding.remedy


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        ([], "has no SPF record"),
        (["v=spf1 -all"], "does not let SES send"),
        (["v=spf1 include:amazonses.com +all"], "lets anybody send"),
        ([SPF, SPF], "2 SPF records"),
        (["v=spf1 include:amazonses.com ~al"], "'~al'"),
    ],
)
def test_a_return_path_whose_spf_is_wrong_is_told(texts: list[str], word: str) -> None:
    """With the record that it should have."""
    finding = told("SPF", HEALTHY, MemoryDns({**TEXTS, "bounce.example.com": texts}, EXCHANGES))

    assert finding.level is Level.WARN
    assert word in finding.found
    assert f"`{SPF}`" in finding.remedy


@pytest.mark.parametrize("hosts", [[], ["mail.example.com"]])
def test_a_return_path_whose_bounces_do_not_come_back_is_told(hosts: list[str]) -> None:
    """SES does not use it then."""
    finding = told("MX", HEALTHY, MemoryDns(TEXTS, {"bounce.example.com": hosts}))

    assert finding.level is Level.WARN
    assert "10 feedback-smtp.eu-central-1.amazonses.com" in finding.remedy


def test_what_the_dns_does_not_tell_is_not_judged() -> None:
    """It is said to be unchecked, and how to look."""
    dns = MemoryDns({}, {}, frozenset({"_dmarc.example.com", "bounce.example.com"}))

    found = [each for each in findings(HEALTHY, dns=dns) if each.level is not Level.OK]

    assert [each.subject.rpartition(": ")[2] for each in found] == ["DMARC", "SPF", "MX"]
    assert {each.level for each in found} == {Level.WARN}
    assert all(each.found.startswith("not checked: ") for each in found)
    assert "`dig +short TXT _dmarc.example.com`" in found[0].remedy


def test_a_domain_in_its_own_letters_is_looked_up_in_ascii() -> None:
    """As it is in the DNS."""
    identity = replace(DOMAIN, name="xn--bcher-kva.example", mail_from=None)
    account = replace(
        HEALTHY,
        senders=(Sender("news@bücher.example", (identity,)),),
        stack=with_identities(arn_of("xn--bcher-kva.example")),
    )
    dns = publishing("v=DMARC1; p=none", "_dmarc.xn--bcher-kva.example")

    assert [each for each in findings(account, dns=dns) if each.level is not Level.OK] == []


@pytest.mark.parametrize(
    ("rate", "level"),
    [
        (None, Level.OK),
        (0.0009, Level.OK),
        (0.001, Level.WARN),
        (0.0029, Level.WARN),
        (0.003, Level.FAIL),
    ],
)
def test_the_complaint_rate_is_held_to_the_rules(rate: float | None, level: Level) -> None:
    """Below 0.10 %, and never 0.30 %; Gmail's own count is elsewhere, and said where."""
    account = replace(HEALTHY, reputation=Reputation(bounces=None, complaints=rate))
    finding = of("complaint rate", account)

    assert finding.level is level
    assert "postmaster.google.com" in finding.remedy


@pytest.mark.parametrize(
    ("url", "statuses", "word"),
    [
        ("http://mail.example", {}, "https only"),
        ("https://mail.example", {}, "does not answer"),
        ("https://mail.example", {"https://mail.example/healthz": 404}, "answers 404"),
    ],
)
def test_links_that_nobody_can_unsubscribe_by_fail(
    url: str, statuses: dict[str, int], word: str
) -> None:
    """The links of the mails begin with it."""
    stack = replace(STACK, parameters={**STACK.parameters, "PublicUrl": url})
    found = findings(replace(HEALTHY, stack=stack), web=MemoryWeb(statuses))
    (finding,) = [each for each in found if each.level is not Level.OK]

    assert finding.subject == "one-click unsubscribe"
    assert finding.level is Level.FAIL
    assert word in finding.found
    assert "PUBLIC_URL" in finding.remedy


def test_a_stack_that_tells_no_url_is_not_judged() -> None:
    """As one that is not whole."""
    finding = only(replace(HEALTHY, stack=replace(STACK, outputs={})))

    assert (finding.subject, finding.level) == ("one-click unsubscribe", Level.WARN)
    assert finding.found.startswith("not checked: ")


def test_a_deployment_without_a_postal_address_warns() -> None:
    """No marketing goes out."""
    stack = replace(STACK, parameters={**STACK.parameters, "PostalAddress": ""})
    finding = only(replace(HEALTHY, stack=stack))

    assert finding.level is Level.WARN
    assert "POSTAL_ADDRESS=" in finding.remedy


def test_the_stacks_own_senders_are_its_parameters() -> None:
    """Each address once, however it is written; none where they cannot be read."""
    headers = {
        "Sender": "News <news@xn--bcher-kva.example>",
        "Senders": '"Shop, Ltd" <shop@example.com>, news@bücher.example',
    }
    assert replace(STACK, parameters=headers).senders == ("news@bücher.example", "shop@example.com")
    assert replace(STACK, parameters={"Sender": "nobody"}).senders == ()


# How many functions Lambda runs at once.


def test_a_new_account_can_reserve_nothing() -> None:
    """It begins with ten, and Lambda keeps a hundred unreserved."""
    account = replace(HEALTHY, concurrency=Concurrency(10, 10))

    finding = of("Lambda reserved concurrency", account)

    assert finding.level is Level.WARN
    assert "Leave START_CONCURRENCY at 0" in finding.remedy
    assert "--quota-code L-B99A9384 --desired-value 1000`" in finding.remedy


@pytest.mark.parametrize(("reserved", "fails"), [(0, False), (20, False), (21, True)])
def test_a_reservation_that_lambda_would_refuse_fails(reserved: int, fails: bool) -> None:
    """A hundred have to be left."""
    account = replace(HEALTHY, concurrency=Concurrency(1_000, 120))

    found = failures(account, replace(WANTED, start_concurrency=reserved))

    assert [each.level for each in found] == ([Level.FAIL] if fails else [])


@pytest.mark.parametrize(
    ("reserved", "batches", "warns"),
    [(9, None, True), (10, None, False), (10, 6, True), (11, 6, False)],
)
def test_reserved_starts_that_a_lone_one_would_wait_for_warn(
    reserved: int, batches: int | None, warns: bool
) -> None:
    """The start queue's batches and the starts at a large campaign leave room for one more."""
    wanted = replace(WANTED, start_concurrency=reserved, start_queue_concurrency=batches)

    found = failures(HEALTHY, wanted)

    assert [each.level for each in found] == ([Level.WARN] if warns else [])
    assert all(f"START_CONCURRENCY={reserved + 1} or more" in each.remedy for each in found)


def test_what_the_stack_has_reserved_is_not_wanted_twice() -> None:
    """After a deployment its own reservation is no longer free."""
    stack = replace(STACK, contents=replace(CONTENTS, reserved=20))
    account = replace(HEALTHY, concurrency=Concurrency(1_000, 100), stack=stack)

    assert failures(account, replace(WANTED, start_concurrency=20)) == []


@pytest.mark.parametrize(
    ("free", "wanted", "settings"),
    [
        (50, WANTED, None),
        (49, WANTED, "DIRECT_STARTS_BURST=19"),
        (30, WANTED, "DIRECT_STARTS_BURST=1 DIRECT_STARTS_A_SECOND=9"),
        (20, WANTED, f"{ONE_DIRECT_START} START_QUEUE_CONCURRENCY=3"),
        (200, replace(WANTED, worker_concurrency=66), f"{FEWEST_STARTS} WORKER_CONCURRENCY=62"),
        (219, replace(WANTED, worker_concurrency=66, start_concurrency=16), None),
        (
            218,
            replace(WANTED, worker_concurrency=66, start_concurrency=16),
            "WORKER_CONCURRENCY=65",
        ),
        (
            19,
            replace(
                WANTED,
                direct_starts_burst=1,
                direct_starts_a_second=1,
                start_queue_concurrency=2,
            ),
            None,
        ),
    ],
)
def test_more_functions_than_lambda_runs_warn(
    free: int, wanted: Wanted, settings: str | None
) -> None:
    """Workers, starts that have none reserved, and one each of five others.

    Starts are lowered first: those that are let through no longer are queued.
    """
    account = replace(HEALTHY, concurrency=Concurrency(1_000, free))

    finding = of("Lambda concurrency", account, wanted)

    if settings is None:
        assert finding.level is Level.OK
    else:
        assert finding.level is Level.WARN
        assert finding.remedy.startswith(f"Deploy with {settings}, or ask for more: ")


def test_a_new_account_is_told_how_it_gets_by() -> None:
    """Its ten functions are too few, however low the settings."""
    account = replace(HEALTHY, concurrency=Concurrency(10, 10))

    finding = of("Lambda concurrency", account)

    assert finding.level is Level.WARN
    assert finding.found.startswith("50 wanted in a burst ")
    assert finding.remedy.startswith("Ask for more: ")
    assert finding.remedy.endswith(f". Until then deploy with {FEWEST_STARTS}.")
    fewest = replace(
        WANTED, direct_starts_burst=1, direct_starts_a_second=1, start_queue_concurrency=2
    )
    assert "deploy with" not in of("Lambda concurrency", account, fewest).remedy


# The stack.


def test_a_stack_that_is_not_there_is_fine() -> None:
    """Before the first deployment."""
    account = replace(HEALTHY, stack=None)

    assert failures(account) == []
    assert of("stack sentinel", account).found == "not there yet"


@pytest.mark.parametrize(
    ("status", "level", "word"),
    [
        ("CREATE_COMPLETE", Level.OK, ""),
        ("IMPORT_COMPLETE", Level.OK, ""),
        ("CREATE_IN_PROGRESS", Level.WARN, "Wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Level.WARN, "Wait"),
        ("REVIEW_IN_PROGRESS", Level.WARN, "Execute"),
        ("UPDATE_ROLLBACK_COMPLETE", Level.WARN, "describe-stack-events"),
        ("CREATE_FAILED", Level.FAIL, "delete-stack --stack-name sentinel"),
        ("ROLLBACK_COMPLETE", Level.FAIL, "delete-stack --stack-name sentinel"),
        ("ROLLBACK_FAILED", Level.FAIL, "delete-stack --stack-name sentinel"),
        ("UPDATE_ROLLBACK_FAILED", Level.FAIL, "continue-update-rollback --stack-name sentinel"),
        ("UPDATE_FAILED", Level.FAIL, "describe-stack-events --stack-name sentinel"),
        ("DELETE_FAILED", Level.FAIL, "describe-stack-events --stack-name sentinel"),
    ],
)
def test_a_stack_that_stands_half_is_told(status: str, level: Level, word: str) -> None:
    """With the command that helps on."""
    finding = of("stack sentinel", replace(HEALTHY, stack=replace(STACK, status=status)))

    assert finding.level is level
    assert finding.found.startswith(status)
    assert word in finding.remedy


@pytest.mark.parametrize(
    "status",
    ["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"],
)
def test_a_stack_that_does_not_stand_misses_nothing(status: str) -> None:
    """Its roles and its permissions are not there yet, or no longer: one finding says so."""
    stack = replace(
        STACK, status=status, parameters={}, contents=replace(CONTENTS, roles={"ApiRole": None})
    )

    assert only(replace(HEALTHY, stack=stack)).subject == "stack sentinel"


def test_the_template_has_what_is_looked_for() -> None:
    """Its roles, its schedule group, and the numbers that are taken without a stack."""
    template = (Path(__file__).parents[2] / "template.yaml").read_text()

    roles = re.findall(r"^  (\w+):\n    Type: AWS::IAM::Role$", template, re.MULTILINE)
    numbers = re.findall(
        r"^  (\w+):\n    Type: Number\n    Default: (\d+)$", template, re.MULTILINE
    )

    assert set(roles) == set(ROLES)
    assert "\n  ScheduleGroup:\n    Type: AWS::Scheduler::ScheduleGroup\n" in template
    assert {
        ("SendRate", str(DEFAULT_SEND_RATE)),
        ("StartConcurrency", "0"),
        *((name, str(value)) for name, value in DEFAULTS.items()),
    } <= set(numbers)
    # As many starts at a large campaign as are counted.
    assert "FAN_OUT_PARALLEL" not in template


@pytest.mark.parametrize("logical", ROLES)
def test_a_role_that_is_gone_fails(logical: str) -> None:
    """Deleted behind the stack's back, or never in it."""
    gone = with_role(logical, None)
    roles = {name: role for name, role in CONTENTS.roles.items() if name != logical}
    never = replace(HEALTHY, stack=replace(STACK, contents=replace(CONTENTS, roles=roles)))

    for account in (gone, never):
        assert only(account).level is Level.FAIL
        assert only(account).subject == f"role {logical}"


@pytest.mark.parametrize("logical", ROLES)
def test_a_role_that_the_wrong_service_takes_on_fails(logical: str) -> None:
    """The function, or the schedule, would not run."""
    finding = only(with_role(logical, Role("role", (Trust(frozenset({"ec2.amazonaws.com"})),))))

    assert finding.level is Level.FAIL
    assert ROLES[logical] in finding.remedy


def test_a_stack_without_functions_needs_no_roles() -> None:
    """As the local runner deploys it."""
    stack = replace(STACK, parameters={"Functions": "none"}, contents=replace(CONTENTS, roles={}))

    assert failures(replace(HEALTHY, stack=stack)) == []


@pytest.mark.parametrize(
    ("conditions", "missing"),
    [
        ((), "aws:SourceAccount and aws:SourceArn"),
        ((FROM_THIS_ACCOUNT,), "aws:SourceArn"),
        ((FROM_THIS_GROUP,), "aws:SourceAccount"),
    ],
)
def test_a_scheduler_role_open_to_others_warns(
    conditions: tuple[TrustCondition, ...], missing: str
) -> None:
    """Whoever gets Scheduler to use it starts campaigns (the confused deputy)."""
    finding = only(trusting(*conditions))

    assert finding.level is Level.WARN
    assert f"it does not ask for {missing}:" in finding.found
    assert f"aws:SourceArn = {GROUP_ARN}" in finding.remedy


@pytest.mark.parametrize(
    "conditions",
    [
        (FROM_THIS_ACCOUNT, replace(FROM_THIS_GROUP, values=frozenset({f"{GROUP_ARN}-other"}))),
        (replace(FROM_THIS_ACCOUNT, values=frozenset({"000000000000"})), FROM_THIS_GROUP),
        # StringEquals takes a star for a star.
        (FROM_THIS_ACCOUNT, replace(FROM_THIS_GROUP, values=frozenset({f"{GROUP_ARN[:-8]}*"}))),
    ],
)
def test_a_scheduler_role_closed_to_its_own_group_fails(
    conditions: tuple[TrustCondition, ...],
) -> None:
    """No scheduled campaign would start on time."""
    finding = only(trusting(*conditions))

    assert finding.level is Level.FAIL
    assert "shut Scheduler out" in finding.found


@pytest.mark.parametrize("operator", ["StringLike", "ArnLike", "ArnEquals"])
def test_a_pattern_that_fits_the_group_is_fine(operator: str) -> None:
    """These operators take a star for anything."""
    fits = TrustCondition(operator, "aws:sourcearn", frozenset({f"{GROUP_ARN[:-8]}*"}))

    assert failures(trusting(FROM_THIS_ACCOUNT, fits)) == []


def test_a_stack_without_its_schedule_group_fails() -> None:
    """The role can be checked against none."""
    stack = replace(STACK, contents=replace(CONTENTS, schedule_groups={}))

    finding = only(replace(HEALTHY, stack=stack))

    assert finding.level is Level.FAIL
    assert "schedule group" in finding.found


# The command.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sender", "nobody"], "news@example.com"),
        (["--sender", "a@example.com, b@example.com"], "news@example.com"),
        (["--sender", ADDRESS, "--send-rate", "1.5"], "--send-rate: write it as a whole number"),
        (["--sender", ADDRESS, "--concurrency", "1"], "at least 2"),
        (["--sender", ADDRESS, "--name-server", "ns.example.com"], "192.0.2.1:5353"),
        ([], "--sender"),
    ],
)
def test_a_wrong_option_is_named(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anybody is asked."""
    with pytest.raises(SystemExit) as ended:
        main(arguments, {})

    assert ended.value.code == 2
    assert words in capsys.readouterr().err
