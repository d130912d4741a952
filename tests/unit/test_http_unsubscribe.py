"""What an unsubscribe link leads to: a page that changes nothing, and a button that does."""

import base64
import hashlib
import logging
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from dependency_injector import providers

from adapters.memory.suppressions import MemorySuppressionRepository
from domain.errors import DependencyUnavailable
from domain.identifiers import CampaignId
from domain.message import Message
from domain.priority import Priority
from domain.start import StartRequest
from domain.suppression import Suppression, SuppressionEntry, SuppressionScope
from tests.unit.test_http_gateway import Answer, Gateway

ADDRESS = "ann.personal@example.com"
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = "List-Unsubscribe=One-Click"
NONE = "/u/AeNq0s9m_OKmIsar7jILhSZjbXBfMDFL"


class Mailed:
    """An API, one person who was mailed, and the path of the link in that mail."""

    def __init__(self) -> None:
        """Sent."""
        self.gateway = Gateway()
        self.gateway.add_content()
        fields = {"email": ADDRESS, "fields": {"name": "Ann"}}
        contact_id = self.gateway.post("/v1/contacts", fields).json["contact_id"]
        members = {"contact_ids": [contact_id]}
        self.gateway.post("/v1/segments/everyone/members", members)
        self.send()
        (mail,) = self.mails
        self.path = mail.list_headers["List-Unsubscribe"].strip("<>").partition(".com")[2]

    @property
    def mails(self) -> list[Message]:
        """Every one, oldest first."""
        return [each.message for each in self.gateway.container.family.sent().outbox]

    def send(self, category: str = "marketing") -> None:
        """A campaign, all of it."""
        container = self.gateway.container
        asked = {"name": "News", "template_id": "greeting", "segment_id": "everyone"}
        created = self.gateway.post("/v1/campaigns", {**asked, "category": category})
        container.start_campaign()(StartRequest(CampaignId(created.json["campaign_id"])))
        queue = container.family.queue()
        while deliveries := queue.receive(10, timedelta(), Priority.NORMAL):
            queue.acknowledge(container.send_batch()(deliveries))

    def post(
        self, body: str | bytes | None, content_type: str | None = FORM, path: str | None = None
    ) -> Answer:
        """To the link."""
        return self.gateway.call("POST", path or self.path, body, content_type=content_type)

    @property
    def scope(self) -> SuppressionScope | None:
        """What is held back."""
        entry = self.gateway.container.family.suppressions().entry(ADDRESS)
        return None if entry is None else entry.scope


@pytest.fixture
def mailed() -> Mailed:
    """One mail has come."""
    return Mailed()


class Page(HTMLParser):
    """The tags of a page, and what each says."""

    def __init__(self, text: str) -> None:
        """Read whole."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One of them."""
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of those of this name."""
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_the_link_changes_nothing(mailed: Mailed, method: str) -> None:
    """Mail scanners and previews open every link, some of them again and again."""
    before = mailed.gateway.stored()

    for _ in range(3):
        mailed.gateway.call(method, mailed.path)

    assert mailed.gateway.stored() == before
    assert mailed.scope is None


def test_the_page_asks_what_is_not_wanted(mailed: Mailed) -> None:
    """A form that is sent to the link itself, with a label for each choice, and no address."""
    answer = mailed.gateway.get(mailed.path)

    page = Page(answer.text)
    assert answer.status == 200
    assert page.all("form") == [{"method": "post"}]
    assert [(each["name"], each["value"]) for each in page.all("input")] == [
        ("scope", "marketing"),
        ("scope", "all"),
    ]
    assert (len(page.all("label")), len(page.all("legend"))) == (2, 1)
    assert page.all("html") == [{"lang": "en"}]
    assert page.all("button") == [{"type": "submit"}]
    assert "ann" not in answer.text


def test_the_page_loads_nothing_and_tells_nobody(mailed: Mailed) -> None:
    """Without script or anything from elsewhere, which the policy says, too; kept by nobody."""
    for answer in (
        mailed.gateway.get(mailed.path),
        mailed.gateway.get(NONE),
        mailed.post(ONE_CLICK),
    ):
        policy = answer.headers["content-security-policy"]
        (style,) = re.findall("<style>(.*)</style>", answer.text)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        tags = {tag for tag, _ in Page(answer.text).tags}
        assert not tags & {"script", "link", "img", "iframe", "object", "a"}
        assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, FORM),
        (ONE_CLICK, f"{FORM}; charset=utf-8"),
        (ONE_CLICK, FORM.upper()),
        (f"{ONE_CLICK}\r\n", FORM),
        (ONE_CLICK.encode(), FORM),
        (ONE_CLICK, None),
        (
            (
                '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
                "One-Click\r\n--b--\r\n"
            ),
            "multipart/form-data; boundary=b",
        ),
        (
            (
                b'--b c\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n'
                b"Content-Type: text/plain\r\n\r\nOne-Click\r\n--b c--\r\n"
            ),
            'Multipart/Form-Data; boundary="b c"',
        ),
    ],
)
def test_one_click_unsubscribes(
    mailed: Mailed, body: str | bytes, content_type: str | None
) -> None:
    """As mail programs send it (RFC 8058), in either encoding."""
    answer = mailed.post(body, content_type)

    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert mailed.scope is SuppressionScope.MARKETING
    mailed.send()
    assert len(mailed.mails) == 1


@pytest.mark.parametrize("scope", SuppressionScope)
def test_the_form_does_what_was_chosen(mailed: Mailed, scope: SuppressionScope) -> None:
    """And the page says what that is; what people need to know stops with all mail only."""
    answer = mailed.post(f"scope={scope}")

    assert ("No mail will" in answer.text) is (scope is SuppressionScope.ALL)
    assert mailed.scope is scope
    mailed.send()
    mailed.send("transactional")
    assert len(mailed.mails) == (1 if scope is SuppressionScope.ALL else 2)


def test_it_may_be_repeated(mailed: Mailed) -> None:
    """By somebody in doubt, or by a mail program: the same answer, and nothing new."""
    first = mailed.post(ONE_CLICK)
    before = mailed.gateway.stored()

    again = mailed.post(ONE_CLICK)

    assert (again.status, again.text) == (first.status, first.text)
    assert mailed.gateway.stored() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (None, None),
        ("", FORM),
        ("scope=some", FORM),
        ("List-Unsubscribe=No", FORM),
        ("list-unsubscribe=One-Click", FORM),
        ('{"scope": "all"}', "application/json"),
        ("&".join(f"{n}=x" for n in range(100)) + "&scope=all", FORM),
        ("scope=all", "multipart/form-data; boundary=b"),
        ("scope=all", "multipart/form-data"),
        ("--b\r\n\r\nall\r\n--b--", "multipart/form-data; boundary=b"),
    ],
)
def test_what_says_nothing_changes_nothing(
    mailed: Mailed, body: str | None, content_type: str | None
) -> None:
    """The form is shown again."""
    answer = mailed.post(body, content_type)

    assert answer.status == 422
    assert Page(answer.text).all("form")
    assert mailed.scope is None


@pytest.mark.parametrize("body", ["x" * 8_193, b"\xff\xfe"])
def test_a_body_is_bounded(mailed: Mailed, body: str | bytes) -> None:
    """Anybody may send one."""
    assert mailed.post(body).status in {400, 413}
    assert mailed.scope is None


@pytest.mark.parametrize(
    "path", [NONE, "/u/x", "/u/" + "A" * 10_000, "/u/ann.personal@example.com"]
)
@pytest.mark.parametrize("body", [None, ONE_CLICK, "scope=all", "x"])
def test_a_link_that_is_none_is_a_page_that_says_so(
    mailed: Mailed, path: str, body: str | None
) -> None:
    """The same for all of them, and nothing is looked up for it."""
    mailed.gateway.container.family.chunks.override(providers.Object(None))
    mailed.gateway.container.family.contacts.override(providers.Object(None))

    answer = mailed.gateway.get(path) if body is None else mailed.post(body, path=path)

    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert not Page(answer.text).all("form")
    assert "ann" not in answer.text
    assert mailed.scope is None


def test_an_idempotency_key_leaves_no_record(mailed: Mailed) -> None:
    """Anybody may send any number of them, and it has its effect once without."""
    headers = {"idempotency-key": "4d0c2a86-6f0b-4c52-a7c5-9d3a8e2f1b70"}
    before = dict(mailed.gateway.container.family.database().idempotency)

    answer = mailed.gateway.call("POST", mailed.path, ONE_CLICK, content_type=FORM, headers=headers)

    assert (answer.status, mailed.scope) == (200, SuppressionScope.MARKETING)
    assert mailed.gateway.container.family.database().idempotency == before


class Unanswering(MemorySuppressionRepository):
    """A store that gives no answer."""

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """None."""
        del suppression
        raise DependencyUnavailable("PutItem: no answer")


def test_a_fault_is_a_page_that_says_try_again(mailed: Mailed) -> None:
    """Whoever asked to be left alone is not told that it was done."""
    family = mailed.gateway.container.family
    family.suppressions.override(providers.Object(Unanswering(family.database())))

    answer = mailed.post(ONE_CLICK)

    assert answer.status == 503
    assert answer.headers["retry-after"] == "60"
    assert Page(answer.text).all("form")


def test_nothing_personal_is_logged(mailed: Mailed, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the token, which is as good as a key, nor the address."""
    with caplog.at_level(logging.INFO):
        mailed.gateway.get(mailed.path)
        mailed.post(ONE_CLICK)

    logged = " ".join(str(each.__dict__) for each in caplog.records)
    assert "Unsubscribed" in logged
    assert mailed.path.rpartition("/")[2] not in logged
    assert ADDRESS not in logged


def test_whoever_was_erased_is_told_so(mailed: Mailed) -> None:
    """No promise for an address that is not known: the next import may bring it again."""
    lookup = mailed.gateway.post("/v1/contacts/lookup", {"email": ADDRESS})
    erased = mailed.gateway.call("DELETE", f"/v1/contacts/{lookup.json['contact_id']}")
    assert erased.status == 204

    answer = mailed.post("scope=all")

    assert answer.status == 200
    assert "Nothing is known of you here" in answer.text
    assert "will be sent" not in answer.text
    assert mailed.scope is None
