"""Double opt-in over HTTP: a sign-up, one mail that asks, and a link that only a person follows."""

import logging
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from dependency_injector import providers

from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.mailer import MemoryMailer
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.contact import Contact
from domain.errors import DependencyUnavailable
from domain.identifiers import CampaignId, ContactId
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.priority import Priority
from domain.start import StartRequest
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from tests.unit.test_http_gateway import ADDRESS, SETTINGS, Answer, Gateway
from tests.unit.test_http_unsubscribe import FORM, Page

YES = "confirm=yes"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NONE = "/c/AbCdEf0123456789abcdef0123456789abcdef"
SENDER = "Larch & Ladle <news@example.com>"


class SignedUp:
    """An API, and somebody whose address was typed into a form."""

    def __init__(self) -> None:
        """Ready; `sign_up` types it."""
        self.gateway = Gateway()
        settings = SETTINGS.model_copy(update={"sender": SENDER})
        self.gateway.container.settings.override(providers.Object(settings))
        self.gateway.add_content()
        self.family = self.gateway.container.family

    def sign_up(self, **more: object) -> Answer:
        """With the parameter that asks for it."""
        return self.gateway.post("/v1/contacts", {"email": ADDRESS, "confirm": True, **more})

    def put(self, **more: object) -> Answer:
        """As a contact that somebody vouches for, or one that is known."""
        return self.gateway.post("/v1/contacts", {"email": ADDRESS, **more})

    @property
    def mails(self) -> list[Message]:
        """Every one, oldest first."""
        return [each.message for each in self.family.sent().outbox]

    @property
    def path(self) -> str:
        """Of the link in the last mail."""
        found = re.findall(r"https://mail\.example\.com(/c/[A-Za-z0-9_-]+)", self.mails[-1].text)
        return str(found[0])

    def post(self, body: str | None = YES, path: str | None = None) -> Answer:
        """To the link."""
        return self.gateway.call("POST", path or self.path, body, content_type=FORM)

    @property
    def contact(self) -> Contact:
        """As it is stored."""
        found = self.family.contacts().find(ADDRESS)
        assert isinstance(found, Contact)
        return found

    @property
    def status(self) -> str:
        """As it is told."""
        return str(self.gateway.get(f"/v1/contacts/{self.contact.contact_id}").json["status"])

    def suppress(
        self, reason: SuppressionReason, scope: SuppressionScope = SuppressionScope.ALL
    ) -> None:
        """From now on."""
        now = self.gateway.clock.now()
        self.family.suppressions().add(Suppression(ADDRESS, reason, now, scope))

    def unsubscribe(self, scope: SuppressionScope = SuppressionScope.MARKETING) -> None:
        """As the reader does."""
        self.suppress(SuppressionReason.UNSUBSCRIBE, scope)

    def pass_time(self, duration: timedelta) -> None:
        """Nothing else happens."""
        self.gateway.clock.sleep(duration)

    def campaign(self, category: str = "marketing") -> int:
        """One to everybody whom a rule over all contacts finds; how many mails it sends."""
        before = len(self.mails)
        rule = {"field": "contact.email", "op": "exists", "value": True}
        segment = self.gateway.post("/v1/segments", {"name": "All", "rule": rule}).json
        asked = {"name": "News", "template_id": "greeting", "segment_id": segment["segment_id"]}
        created = self.gateway.post("/v1/campaigns", {**asked, "category": category})
        container = self.gateway.container
        container.start_campaign()(StartRequest(CampaignId(created.json["campaign_id"])))
        queue = container.family.queue()
        while deliveries := queue.receive(10, timedelta(), Priority.NORMAL):
            queue.acknowledge(container.send_batch()(deliveries))
        return len(self.mails) - before

    def mailer_that(self, outcome: Outcome) -> None:
        """Answers so, until it is told otherwise."""
        self.family.urgent_mailer.override(providers.Object(MailerThat(outcome, self.gateway)))


class MailerThat(MemoryMailer):
    """Gives every mail the same outcome."""

    def __init__(self, outcome: Outcome, gateway: Gateway) -> None:
        """From now on."""
        super().__init__(gateway.clock)
        self._outcome = outcome

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Nothing is sent."""
        del within
        return [self._outcome for _ in messages]


@pytest.fixture
def signed() -> SignedUp:
    """Nobody has signed up."""
    return SignedUp()


NAME = {"fields": {"name": "Ann"}}


def test_a_sign_up_gets_one_mail_that_asks(signed: SignedUp) -> None:
    """It says who asks and where they are found, and the contact says that nobody answered yet."""
    answer = signed.sign_up(**NAME)

    (mail,) = signed.mails
    assert answer.status == 201
    assert answer.json["status"] == "unconfirmed"
    assert answer.json["confirmation_mail"] == {"outcome": "accepted", "reason": None}
    assert answer.json["confirmation"]["mails"] == 1
    assert mail.to == ADDRESS
    assert mail.list_headers == {}
    assert SENDER in mail.text
    assert "1 High Street, Harrowick" in mail.text
    assert "Larch &amp; Ladle &lt;news@example.com&gt;" in mail.html
    assert "/c/" in mail.html.replace("&#x2f;", "/")
    assert signed.status == "unconfirmed"


def test_nothing_else_is_mailed_to_an_address_that_nobody_confirmed(signed: SignedUp) -> None:
    """It may be somebody else's: no campaign of either category, until the person says so."""
    signed.sign_up(**NAME)

    assert (signed.campaign(), signed.campaign("transactional")) == (0, 0)
    signed.post()

    assert (signed.campaign(), signed.campaign("transactional")) == (1, 1)


def test_confirming_is_a_consent(signed: SignedUp) -> None:
    """With its source and its time, which an export tells."""
    signed.sign_up(**NAME)
    signed.pass_time(DAY)

    answer = signed.post()

    assert answer.status == 200
    assert "Your address is confirmed" in answer.text
    told = signed.gateway.get(f"/v1/contacts/{signed.contact.contact_id}/export").json
    assert told["consent"] == {"source": "double opt-in", "at": "2026-03-03T09:00:00Z"}
    assert told["confirmation"] is None
    assert signed.status == "subscribed"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_the_link_changes_nothing(signed: SignedUp, method: str) -> None:
    """Mail scanners and previews open every link: what they open confirms nothing."""
    signed.sign_up(**NAME)
    before = signed.gateway.stored()

    for _ in range(3):
        signed.gateway.call(method, signed.path)

    assert signed.gateway.stored() == before
    assert signed.status == "unconfirmed"


def test_the_page_is_a_form_without_the_address(signed: SignedUp) -> None:
    """A forwarded mail tells nobody whose it was; nothing is loaded, and nobody is sent it."""
    signed.sign_up(**NAME)

    answer = signed.gateway.get(signed.path)

    page = Page(answer.text)
    assert answer.status == 200
    assert page.all("form") == [{"method": "post"}]
    assert [(each["name"], each["value"]) for each in page.all("input")] == [("confirm", "yes")]
    assert page.all("button") == [{"type": "submit"}]
    assert "ann" not in answer.text.lower()
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_it_may_be_repeated(signed: SignedUp) -> None:
    """By somebody in doubt: the same answer, and nothing new."""
    signed.sign_up(**NAME)
    first = signed.post()
    before = signed.gateway.stored()
    signed.pass_time(DAY)

    again = signed.post()

    assert (again.status, again.text) == (first.status, first.text)
    assert signed.gateway.stored() == before


@pytest.mark.parametrize(
    "body", [None, "", "confirm=no", "scope=all", "List-Unsubscribe=One-Click"]
)
def test_what_says_nothing_confirms_nothing(signed: SignedUp, body: str | None) -> None:
    """The form is shown again."""
    signed.sign_up(**NAME)

    answer = signed.post(body)

    assert answer.status == 422
    assert Page(answer.text).all("form")
    assert signed.status == "unconfirmed"


@pytest.mark.parametrize("path", [NONE, "/c/x", "/c/" + "A" * 10_000])
@pytest.mark.parametrize("body", [None, YES, "x"])
def test_a_link_that_is_none_is_a_page_that_says_so(
    signed: SignedUp, path: str, body: str | None
) -> None:
    """The same for all of them."""
    answer = signed.gateway.get(path) if body is None else signed.post(body, path)

    assert answer.status == 404
    assert not Page(answer.text).all("form")


def test_a_link_for_unsubscribing_confirms_nothing(signed: SignedUp) -> None:
    """Nor the other way round: each is good for one thing."""
    signed.sign_up(**NAME)
    token = signed.path.rpartition("/")[2]

    answer = signed.gateway.call("POST", f"/u/{token}", "scope=all", content_type=FORM)

    assert answer.status == 404
    assert signed.family.suppressions().entry(ADDRESS) is None


@pytest.mark.parametrize("body", [None, YES, "x"])
def test_a_link_is_good_for_a_week(signed: SignedUp, body: str | None) -> None:
    """Then it says so, and that signing up again brings a new one; which it does."""
    signed.sign_up(**NAME)
    path = signed.path
    signed.pass_time(7 * DAY)

    answer = signed.gateway.get(path) if body is None else signed.post(body, path)

    assert answer.status == 410
    assert "too old" in answer.text
    assert signed.status == "unconfirmed"
    signed.sign_up(**NAME)
    assert signed.post().status == 200
    assert signed.status == "subscribed"


def test_nobody_can_fill_a_mailbox_with_it(signed: SignedUp) -> None:
    """However often the form is sent: six mails in the first week, one a week then."""
    mailed: list[int] = []
    for _week in range(3):
        for _ in range(7 * 24 * 4):
            signed.sign_up(**NAME)
            signed.pass_time(15 * MINUTE)
        mailed.append(len(signed.mails))

    assert mailed == [6, 7, 8]


def test_a_second_sign_up_is_told_when_it_is_asked_again(signed: SignedUp) -> None:
    """With the later fields; the mail is on its way already."""
    signed.sign_up(**NAME)
    signed.pass_time(14 * MINUTE)

    answer = signed.sign_up(fields={"name": "Anna"})

    assert answer.json["confirmation_mail"] == {"outcome": "asked_before", "reason": None}
    assert answer.json["confirmation"]["not_before"] == "2026-03-02T09:15:00Z"
    assert (answer.json["fields"], len(signed.mails)) == ({"name": "Anna"}, 1)
    signed.pass_time(MINUTE)
    assert signed.sign_up(**NAME).json["confirmation_mail"]["outcome"] == "accepted"


@pytest.mark.parametrize("fields", [{"name": "Mallory"}, {}])
def test_who_is_a_contact_already_is_left_alone(
    signed: SignedUp, fields: dict[str, object]
) -> None:
    """Whoever typed the address into the form has not shown that it is theirs."""
    signed.put(fields={"name": "Ann", "plan": "gold"})
    before = signed.gateway.stored()

    answer = signed.sign_up(fields=fields, locale="de")

    assert (answer.status, answer.json["status"]) == (201, "subscribed")
    assert answer.json["confirmation_mail"] == {"outcome": "not_needed", "reason": None}
    assert signed.gateway.stored() == before
    assert not signed.mails


def test_putting_a_contact_again_confirms_nothing(signed: SignedUp) -> None:
    """The next synchronisation of a list does not vouch for who never answered."""
    signed.sign_up(**NAME)

    assert signed.put(fields={"name": "Anna"}).json["status"] == "unconfirmed"
    assert signed.campaign() == 0


@pytest.mark.parametrize("by", ["put", "edit"])
def test_a_consent_that_somebody_states_is_one(signed: SignedUp, by: str) -> None:
    """A signature on paper needs no click; the operator says so, with source and time."""
    signed.sign_up(**NAME)
    consent = {"consent": {"source": "paper form", "at": "2026-02-01T10:00:00Z"}}

    if by == "put":
        signed.put(**NAME, **consent)
    else:
        path = f"/v1/contacts/{signed.contact.contact_id}"
        signed.gateway.call(
            "PATCH",
            path,
            '{"consent": {"source": "paper form", "at": "2026-02-01T10:00:00Z"}}',
            content_type="application/json",
        )

    assert signed.status == "subscribed"
    assert signed.campaign() == 1


def test_who_unsubscribed_and_asks_again_is_mailed_again(signed: SignedUp) -> None:
    """The question first; until it is answered what they get besides goes on, and no marketing."""
    signed.put(**NAME)
    signed.unsubscribe()
    signed.pass_time(DAY)

    answer = signed.sign_up(**NAME)

    assert answer.json["confirmation_mail"]["outcome"] == "accepted"
    assert answer.json["status"] == "unsubscribed"
    link = signed.path
    assert (signed.campaign(), signed.campaign("transactional")) == (0, 1)
    assert signed.post(path=link).status == 200
    assert (signed.status, signed.campaign()) == ("subscribed", 1)


def test_an_old_link_takes_nothing_back(signed: SignedUp) -> None:
    """Who confirmed and unsubscribed later stays so, whoever opens the first mail again."""
    signed.sign_up(**NAME)
    signed.post()
    signed.pass_time(DAY)
    signed.unsubscribe()

    answer = signed.post()

    assert "held back" in answer.text
    assert signed.status == "unsubscribed"


def test_who_unsubscribes_after_they_were_asked_stays_so(signed: SignedUp) -> None:
    """The later word counts, though the link is good."""
    signed.sign_up(**NAME)
    signed.pass_time(DAY)
    signed.unsubscribe()

    assert "held back" in signed.post().text
    assert signed.campaign() == 0


@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        (SuppressionReason.BOUNCE, SuppressionScope.ALL),
        (SuppressionReason.COMPLAINT, SuppressionScope.ALL),
        (SuppressionReason.OPERATOR, SuppressionScope.MARKETING),
        (SuppressionReason.UNSUBSCRIBE, SuppressionScope.ALL),
    ],
)
def test_who_is_not_to_be_mailed_is_not_even_asked(
    signed: SignedUp, reason: SuppressionReason, scope: SuppressionScope
) -> None:
    """A bounce, a complaint, an operator's entry, or the wish for no mail at all."""
    signed.suppress(reason, scope)
    signed.pass_time(DAY)

    answer = signed.sign_up(**NAME)

    assert answer.json["confirmation_mail"] == {"outcome": "suppressed", "reason": None}
    assert answer.json["status"] != "subscribed"
    assert not signed.mails


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_confirming_lifts_no_bounce_and_no_complaint(
    signed: SignedUp, reason: SuppressionReason
) -> None:
    """Told between the mail and the click."""
    signed.put(**NAME)
    signed.unsubscribe()
    signed.pass_time(DAY)
    signed.sign_up(**NAME)
    signed.suppress(reason)

    assert "held back" in signed.post().text
    entry = signed.family.suppressions().entry(ADDRESS)
    assert entry is not None
    assert entry.reason is reason


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (NotSent("TooManyRequestsException", throttled=True), "not_sent"),
        (AccountBlocked("paused"), "blocked"),
    ],
)
def test_what_was_certainly_not_sent_may_be_tried_again_at_once(
    signed: SignedUp, outcome: Outcome, told: str
) -> None:
    """The answer says so, and the person stays unconfirmed."""
    signed.mailer_that(outcome)

    answer = signed.sign_up(**NAME)

    assert answer.status == 201
    assert answer.json["confirmation_mail"]["outcome"] == told
    assert answer.json["status"] == "unconfirmed"
    signed.family.urgent_mailer.reset_last_overriding()
    assert signed.sign_up(**NAME).json["confirmation_mail"]["outcome"] == "accepted"


@pytest.mark.parametrize(
    ("outcome", "told"), [(Unknown("no answer"), "unknown"), (Refused("no"), "refused")]
)
def test_what_may_have_been_sent_or_never_will_be_waits(
    signed: SignedUp, outcome: Outcome, told: str
) -> None:
    """A second mail at once is worse than none for a quarter of an hour."""
    signed.mailer_that(outcome)

    answer = signed.sign_up(**NAME)

    assert answer.json["confirmation_mail"]["outcome"] == told
    signed.family.urgent_mailer.reset_last_overriding()
    assert signed.sign_up(**NAME).json["confirmation_mail"]["outcome"] == "asked_before"
    assert signed.status == "unconfirmed"


def test_without_a_place_in_the_send_rate_nothing_is_sent(signed: SignedUp) -> None:
    """Campaigns are not slowed down, nor the limit passed, by a form."""
    limiter = MemoryRateLimiter(1)
    for _ in range(20):
        limiter.request(1, signed.gateway.clock.now(), timedelta(minutes=1), Priority.NORMAL)
    signed.family.limiter.override(providers.Object(limiter))

    assert signed.sign_up(**NAME).json["confirmation_mail"]["outcome"] == "not_sent"
    assert not signed.mails


WELCOME = {
    "template_id": "welcome",
    "name": "Welcome",
    "subject": "Hello {{ name }}",
    "html": "<p>{{ confirm_url }}</p>",
    "text": "{{ sender }}: {{ confirm_url }} {{ postal_address }}",
    "from": SENDER,
}


@pytest.mark.parametrize("by", ["request", "setting"])
def test_the_mail_is_made_of_a_template_that_is_named(signed: SignedUp, by: str) -> None:
    """By the request, or for the deployment; with the fields that were given."""
    assert signed.gateway.post("/v1/templates", WELCOME).status == 201
    if by == "setting":
        update = {"confirmation_template": "welcome", "sender": SENDER}
        settings = SETTINGS.model_copy(update=update)
        signed.gateway.container.settings.override(providers.Object(settings))
    more = {"confirmation_template_id": "welcome"} if by == "request" else {}

    signed.sign_up(**NAME, **more)

    (mail,) = signed.mails
    assert (mail.subject, mail.sender) == ("Hello Ann", SENDER)
    assert signed.post().status == 200


def test_a_template_that_asks_can_be_previewed(signed: SignedUp) -> None:
    """With a link that leads nowhere."""
    created = signed.gateway.post("/v1/templates", WELCOME)

    previewed = signed.gateway.post("/v1/templates/welcome/preview", NAME)

    assert created.json["warnings"] == []
    assert previewed.json["text"].startswith(f"{SENDER}: https://mail.example.com/c/sample ")


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"confirmation_template_id": "gone"}, "/confirmation_template_id"),
        ({"confirmation_template_id": "greeting"}, "/confirmation_template_id"),
        ({"confirmation_template_id": "welcome"}, "/fields"),
        ({"consent": {"source": "form", "at": "2026-02-01T10:00:00Z"}}, ""),
        ({"confirm": False, "confirmation_template_id": "welcome"}, ""),
        ({"confirm": "perhaps"}, "/confirm"),
    ],
)
def test_what_cannot_be_asked_changes_nothing(
    signed: SignedUp, more: dict[str, object], pointer: str
) -> None:
    """No such template, one without the link, a field that it lacks, a consent beside it."""
    signed.gateway.post("/v1/templates", WELCOME)

    asked = {"email": ADDRESS, "confirm": True, **more}

    assert signed.gateway.refused("/v1/contacts", asked).refuses(pointer)
    assert not signed.mails


def test_a_deployment_whose_template_is_gone_says_so(signed: SignedUp) -> None:
    """Nobody is taken in who could never confirm."""
    settings = SETTINGS.model_copy(update={"confirmation_template": "gone"})
    signed.gateway.container.settings.override(providers.Object(settings))

    answer = signed.gateway.refused("/v1/contacts", {"email": ADDRESS, "confirm": True})

    assert "CONFIRMATION_TEMPLATE" in answer.text


def test_of_forms_sent_at_once_one_is_mailed(signed: SignedUp) -> None:
    """Whoever comes second finds that it was asked."""
    family = signed.family
    rival = RivalContacts(family.database(), family.ids())
    family.contacts.override(providers.Object(rival))
    rival.before_save = lambda: signed.sign_up(**NAME)

    answer = signed.sign_up(**NAME)

    assert answer.json["confirmation_mail"]["outcome"] == "asked_before"
    assert len(signed.mails) == 1


class RivalContacts(MemoryContactRepository):
    """Somebody else comes first."""

    before_save: object = None

    def save(self, contact: Contact) -> Contact:
        """After them."""
        rival, self.before_save = self.before_save, None
        if callable(rival):
            rival()
        return super().save(contact)


class Unanswering(MemoryContactRepository):
    """A store that gives no answer."""

    def save(self, contact: Contact) -> Contact:
        """None."""
        del contact
        raise DependencyUnavailable("PutItem: no answer")


def test_a_fault_is_a_page_that_says_try_again(signed: SignedUp) -> None:
    """Nobody is told that it was done; and it can be done afterwards."""
    signed.sign_up(**NAME)
    family = signed.family
    family.contacts.override(providers.Object(Unanswering(family.database(), family.ids())))

    answer = signed.post()

    assert answer.status == 503
    assert Page(answer.text).all("form")
    family.contacts.reset_last_overriding()
    assert signed.post().status == 200
    assert signed.status == "subscribed"


def test_whoever_was_erased_is_told_so(signed: SignedUp) -> None:
    """Nothing is made of the address any more."""
    signed.sign_up(**NAME)
    contact_id: ContactId = signed.contact.contact_id
    assert signed.gateway.call("DELETE", f"/v1/contacts/{contact_id}").status == 204

    answer = signed.post()

    assert answer.status == 410
    assert "Nothing is known of you here" in answer.text


def test_nothing_personal_is_logged(signed: SignedUp, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the token, which is as good as a key, nor the address."""
    with caplog.at_level(logging.INFO):
        signed.sign_up(**NAME)
        signed.gateway.get(signed.path)
        signed.post()

    logged = " ".join(str(each.__dict__) for each in caplog.records)
    assert "Asked to confirm" in logged
    assert "Confirmation: done" in logged
    assert signed.path.rpartition("/")[2] not in logged
    assert ADDRESS not in logged


def test_an_idempotency_key_leaves_no_record(signed: SignedUp) -> None:
    """Anybody may send any number of them, and it has its effect once without."""
    signed.sign_up(**NAME)
    headers = {"idempotency-key": "4d0c2a86-6f0b-4c52-a7c5-9d3a8e2f1b70"}
    before = dict(signed.family.database().idempotency)

    answer = signed.gateway.call("POST", signed.path, YES, content_type=FORM, headers=headers)

    assert answer.status == 200
    assert signed.family.database().idempotency == before


def test_a_segment_can_ask_who_confirmed(signed: SignedUp) -> None:
    """To see who has not answered."""
    signed.sign_up(**NAME)
    rule = {"field": "contact.confirmed", "op": "equals", "value": False}

    waiting = signed.gateway.post("/v1/segments/preview", {"rule": rule}).json
    signed.post()
    afterwards = signed.gateway.post("/v1/segments/preview", {"rule": rule}).json

    assert (waiting["count"], afterwards["count"]) == (1, 0)
