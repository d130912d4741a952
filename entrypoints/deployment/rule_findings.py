"""Whether Gmail's and Yahoo's rules for senders are kept, as docs/sender-rules.md lists them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.account import Account, Caller, Identity, Reputation, Sender, Stack, Unread
from domain.domain_name import in_ascii
from domain.errors import DependencyFault
from domain.ports.dns import Dns
from domain.ports.web import Web
from domain.sender_rules import (
    COMPLAINTS_REFUSED,
    COMPLAINTS_WATCHED,
    Broken,
    Dmarc,
    Spf,
    aligns,
    is_mailbox_providers,
    read_dmarc,
    read_spf,
    where_dmarc_is,
)
from entrypoints.deployment.finding import Finding, Level, has_functions, unread

_SES = "amazonses.com"
_SPF = f"v=spf1 include:{_SES} ~all"
_DMARC = "v=DMARC1; p=none"
_KEY_BITS = 2_048
_HEALTHY = 200
_FOUND = "SUCCESS"
_POSTMASTER = (
    "Gmail counts for itself, in Postmaster Tools (postmaster.google.com): stay below 0.10 % "
    "there, and never reach 0.30 %."
)


@dataclass(frozen=True)
class Outside:
    """What anybody can see of senders and of a deployment."""

    dns: Dns
    web: Web


def rule_findings(account: Account, outside: Outside) -> Iterator[Finding]:
    """Of every sender, of the account and of the stack."""
    region = account.caller.region if isinstance(account.caller, Caller) else "<region>"
    for sender in account.senders:
        yield from _of_sender(sender, outside.dns, region)
    yield _of_complaints(account.reputation)
    if isinstance(account.stack, Stack) and has_functions(account.stack):
        yield _of_unsubscribing(account.stack, outside.web)
        yield _of_postal_address(account.stack)


def _of_sender(sender: Sender, dns: Dns, region: str) -> Iterator[Finding]:
    subject = f"sender {sender.address}"
    domain = in_ascii(sender.address.rpartition("@")[2])
    if is_mailbox_providers(domain):
        yield Finding(
            Level.FAIL,
            f"{subject}: From",
            f"{domain} is its provider's: Gmail and Yahoo refuse mails from it that are not theirs",
            "Deploy with a SENDER, and SENDERS, of a domain of your own.",
        )
        return
    identities = () if isinstance(sender.identities, Unread) else sender.identities
    if not any(each.is_verified for each in identities):
        # That comes first, and is said of the identity.
        return
    signing = [each for each in identities if each.signs and each.dkim == _FOUND]
    if signing:
        yield _of_key(subject, signing[0])
    policy = _dmarc(dns, domain)
    yield _of_dmarc(f"{subject}: DMARC", domain, policy)
    mail_from = next((each for each in identities if each.mail_from is not None), None)
    yield from _of_alignment(f"{subject}: alignment", domain, policy, signing, mail_from)
    if mail_from is None:
        yield _of_no_mail_from(f"{subject}: SPF", identities, region)
    else:
        yield _of_spf(f"{subject}: SPF", str(mail_from.mail_from), dns)
        yield _of_exchange(f"{subject}: MX", str(mail_from.mail_from), dns, region)


def _of_key(subject: str, identity: Identity) -> Finding:
    subject = f"{subject}: DKIM key"
    if identity.key_bits is None:
        return Finding(Level.OK, subject, "your own; Gmail asks for 1024 bits, better 2048")
    if identity.key_bits >= _KEY_BITS:
        return Finding(Level.OK, subject, f"{identity.key_bits} bits")
    return Finding(
        Level.OK,
        subject,
        f"{identity.key_bits} bits, which Gmail takes; 2048 are better",
        "`aws sesv2 put-email-identity-dkim-signing-attributes --signing-attributes-origin AWS_SES "
        "--signing-attributes NextSigningKeyLength=RSA_2048_BIT --email-identity "
        f"{identity.name.rpartition('@')[2]}`",
    )


@dataclass(frozen=True)
class _Policy:
    """What was found, and where; `fault` where the DNS did not answer."""

    found: Dmarc | Broken | None = None
    name: str = ""
    fault: str = ""

    def asked_of(self, domain: str) -> str:
        """What receivers are to do with mails of that domain, whose own it may be or not."""
        if not isinstance(self.found, Dmarc):
            return ""
        is_its_own = self.name == f"_dmarc.{domain}"
        return self.found.policy if is_its_own else self.found.subdomain_policy


def _dmarc(dns: Dns, domain: str) -> _Policy:
    for name in where_dmarc_is(domain):
        try:
            found = read_dmarc(dns.texts(name))
        except DependencyFault as fault:
            return _Policy(name=name, fault=str(fault))
        if found is not None:
            return _Policy(found, name)
    return _Policy()


def _of_dmarc(subject: str, domain: str, policy: _Policy) -> Finding:
    match policy.found:
        case Dmarc():
            asked = policy.asked_of(domain)
            hint = "It asks for nothing yet: once all your mails pass, raise it to p=quarantine."
            return Finding(
                Level.OK, subject, f"p={asked}, by {policy.name}", hint if asked == "none" else ""
            )
        case Broken() as broken:
            return Finding(
                Level.WARN,
                subject,
                f"{policy.name}: {broken.reason}",
                f"Leave one TXT record there, such as `{_DMARC}`.",
            )
    if policy.fault:
        return _not_looked_up(subject, policy.name, "TXT", policy.fault)
    return Finding(
        Level.WARN,
        subject,
        f"there is no record for {domain}: Gmail and Yahoo ask bulk senders for one",
        f"Put a TXT record `{_DMARC}` at _dmarc.{domain} into the DNS; with rua=mailto:… in it "
        "they send you reports.",
    )


def _of_alignment(
    subject: str,
    domain: str,
    policy: _Policy,
    signing: Sequence[Identity],
    mail_from: Identity | None,
) -> Iterator[Finding]:
    """By the record that was found: what passes SPF or DKIM has to stand for the From header."""
    dmarc = policy.found
    if not isinstance(dmarc, Dmarc):
        return
    # An address is signed for by its domain's keys.
    signer = signing[0].name.rpartition("@")[2] if signing else None
    if signer and aligns(signer, domain, strict=dmarc.is_strict_dkim):
        yield Finding(Level.OK, subject, f"signed by {signer}, which stands for {domain}")
        return
    bounce = mail_from.mail_from if mail_from and mail_from.mail_from_status == _FOUND else None
    if bounce and aligns(bounce, domain, strict=dmarc.is_strict_spf):
        yield Finding(Level.OK, subject, f"returned to {bounce}, which stands for {domain}")
        return
    asked = policy.asked_of(domain)
    if asked == "none" and not signing:
        # That is said of DKIM.
        return
    yield Finding(
        Level.WARN if asked == "none" else Level.FAIL,
        subject,
        f"neither signature nor return path stands for {domain}, whose DMARC record asks receivers "
        f"for p={asked}",
        f"Verify {domain} itself: `aws sesv2 create-email-identity --email-identity {domain}`, and "
        "put its three DKIM records, which the SES console shows, into the DNS.",
    )


def _of_no_mail_from(subject: str, identities: Sequence[Identity], region: str) -> Finding:
    domains = [each.name for each in identities if "@" not in each.name]
    name = domains[0] if domains else identities[0].name
    bounce = f"bounce.{name.rpartition('@')[2]}"
    return Finding(
        Level.OK,
        subject,
        f"passes for {_SES}, which does not stand for the sender: a signature has to",
        f"`aws sesv2 put-email-identity-mail-from-attributes --mail-from-domain {bounce} "
        f"--email-identity {name}`, and in the DNS of {bounce} an MX record "
        f"`10 {_feedback(region)}` and a TXT record `{_SPF}`.",
    )


def _of_spf(subject: str, mail_from: str, dns: Dns) -> Finding:
    remedy = f"Leave one SPF record at {mail_from}: TXT `{_SPF}`."
    try:
        found = read_spf(dns.texts(mail_from))
    except DependencyFault as fault:
        return _not_looked_up(subject, mail_from, "TXT", str(fault))
    match found:
        case None:
            return Finding(Level.WARN, subject, f"{mail_from} has no SPF record", remedy)
        case Broken(reason):
            return Finding(Level.WARN, subject, f"{mail_from}: {reason}", remedy)
        case Spf(includes) if _SES not in includes:
            return Finding(Level.WARN, subject, f"{mail_from} does not let SES send", remedy)
        case Spf(_, "+"):
            return Finding(
                Level.WARN, subject, f"{mail_from} lets anybody send, by its +all", remedy
            )
    return Finding(Level.OK, subject, f"{mail_from} lets SES send")


def _of_exchange(subject: str, mail_from: str, dns: Dns, region: str) -> Finding:
    try:
        found = dns.exchanges(mail_from)
    except DependencyFault as fault:
        return _not_looked_up(subject, mail_from, "MX", str(fault))
    if any(host.startswith("feedback-smtp.") and host.endswith(f".{_SES}") for host in found):
        return Finding(Level.OK, subject, f"{mail_from} has its bounces go to SES")
    return Finding(
        Level.WARN,
        subject,
        f"{mail_from} has its bounces go to {found[0] if found else 'nobody'}: SES does not use it",
        f"Leave one MX record at {mail_from}: `10 {_feedback(region)}`.",
    )


def _feedback(region: str) -> str:
    return f"feedback-smtp.{region}.{_SES}"


def _not_looked_up(subject: str, name: str, kind: str, fault: str) -> Finding:
    return Finding(
        Level.WARN,
        subject,
        f"not checked: {name} could not be looked up ({fault})",
        f"Run it where the DNS answers, or look by hand: `dig +short {kind} {name}`.",
    )


def _of_complaints(reputation: Reputation | Unread) -> Finding:
    subject = "complaint rate"
    if isinstance(reputation, Unread):
        return unread(subject, reputation)
    rate = reputation.complaints
    if rate is None:
        return Finding(Level.OK, subject, "SES tells none yet", _POSTMASTER)
    found = f"{rate:.2%} by SES's count"
    if rate < COMPLAINTS_WATCHED:
        return Finding(Level.OK, subject, found, _POSTMASTER)
    remedy = (
        "Mail those only who asked for it: leave out sources of contacts that complain, and "
        f"segments that have not been mailed for long. {_POSTMASTER}"
    )
    level = Level.FAIL if rate >= COMPLAINTS_REFUSED else Level.WARN
    return Finding(level, subject, f"{found}; Gmail and Yahoo ask for less than 0.10 %", remedy)


def _of_unsubscribing(stack: Stack, web: Web) -> Finding:
    subject = "one-click unsubscribe"
    url = stack.public_url
    if not url:
        found = "not checked: the stack tells no URL of its API"
        return Finding(Level.WARN, subject, found, "Deploy template.yaml as it is.")
    if not url.startswith("https://"):
        return Finding(
            Level.FAIL,
            subject,
            f"{url}: mail programs call https only (RFC 8058)",
            "Deploy with PUBLIC_URL=https://…, or without.",
        )
    page = f"{url}/healthz"
    try:
        status = web.status(page)
    except DependencyFault as fault:
        return Finding(
            Level.FAIL,
            subject,
            f"{page} does not answer ({fault})",
            "Is the name of PUBLIC_URL in the DNS, with a certificate, and mapped to the API?",
        )
    if status != _HEALTHY:
        return Finding(
            Level.FAIL,
            subject,
            f"{page} answers {status}",
            "What is at PUBLIC_URL is not the API: map its name to it in API Gateway.",
        )
    return Finding(Level.OK, subject, f"{url} answers")


def _of_postal_address(stack: Stack) -> Finding:
    subject = "postal address"
    if stack.parameters.get("PostalAddress"):
        return Finding(Level.OK, subject, "set")
    return Finding(
        Level.WARN,
        subject,
        "none: marketing campaigns are refused, and paused where they are under way",
        'Deploy with POSTAL_ADDRESS="1 High Street, …".',
    )
