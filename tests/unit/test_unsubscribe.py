"""Unsubscribing: tokens, what they do, and what marketing mail must say."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import CampaignCategory
from domain.chunk import ChunkRef
from domain.errors import InvalidInput
from domain.footer import Footer
from domain.identifiers import CampaignId, ContactId
from domain.recipient import RecipientState
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.unsubscribe import Mailing, UnsubscribeTokens
from domain.use_cases.create_campaign import CampaignRequest
from domain.use_cases.remove_suppression import RemoveSuppression
from domain.use_cases.unsubscribe import UnsubscribeResult
from tests.unit.sentinel import FOOTER, GREETING, MINUTE, TOKENS, Sentinel, addresses

MAILING = Mailing(
    ChunkRef(CampaignId("cmp_01K9ZZZZZZZZZZZZZZZZZZZZZZ"), 3, 20_000),
    49,
    ContactId("con_01K9ZZZZZZZZZZZZZZZZZZZZZY"),
)
TOKEN = TOKENS.token(MAILING)


def test_a_token_is_read_as_what_it_was_made_for() -> None:
    """By whoever has the key."""
    assert TOKENS.read(TOKEN) == MAILING


def test_a_token_outlives_this_program() -> None:
    """It is in mails that were sent: this one is read for ever."""
    sent = (
        "AeNq0s9m_OKmIsar7jILhSZjbXBfMDFLOVpaWlpaWlpaWlpaWlpaWlpaWlpaWlovMy8yMDAwMC80OS9jb25fMD"
        "FLOVpaWlpaWlpaWlpaWlpaWlpaWlpaWlk"
    )
    assert TOKENS.read(sent) == MAILING


def test_a_token_of_another_deployment_says_nothing() -> None:
    """Nor does one that is signed under the address key itself."""
    assert UnsubscribeTokens(lambda: b"another").read(TOKEN) is None


@given(at=st.integers(0, len(TOKEN) - 1), by=st.characters(codec="ascii"))
def test_a_token_with_one_character_changed_says_nothing(at: int, by: str) -> None:
    """Wherever it is."""
    changed = TOKEN[:at] + by + TOKEN[at + 1 :]
    assert (TOKENS.read(changed) is None) is (changed != TOKEN)


@given(text=st.text(max_size=600))
def test_what_is_no_token_says_nothing(text: str) -> None:
    """And does no harm."""
    assert TOKENS.read(text) is None


@pytest.mark.parametrize("text", ["", "A", TOKEN + "A", TOKEN + "=", TOKEN[:-1], "A" * 100_000])
def test_a_token_that_was_cut_or_prolonged_says_nothing(text: str) -> None:
    """A mail program may do that."""
    assert TOKENS.read(text) is None


def test_a_token_tells_no_address(sentinel: Sentinel) -> None:
    """Whoever sees the link, in a log or over a shoulder, does not learn whose it is."""
    sentinel.create_started(1)
    sentinel.run_workers()
    (url,) = urls(sentinel)
    token = url.rpartition("/")[2]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"person-0" not in raw
    assert b"@" not in raw[17:]  # what comes before is the signature


def urls(sentinel: Sentinel) -> list[str]:
    """The links in the headers of the mails sent, oldest first."""
    found = [mail.message.unsubscribe_url for mail in sentinel.mailer.outbox]
    return [url for url in found if url is not None]


def unsubscribe(
    sentinel: Sentinel, url: str, scope: SuppressionScope = SuppressionScope.MARKETING
) -> bool:
    """As the page does; whether it was done."""
    result = sentinel.unsubscribe(url.rpartition("/")[2], scope)
    return result is UnsubscribeResult.DONE


def create(sentinel: Sentinel, category: CampaignCategory) -> None:
    """Another campaign to the same people, fanned out."""
    sentinel.create_campaign(
        CampaignRequest(
            name="More",
            template_id=sentinel.add_template(name=category.value),
            segment_id=next(iter(sentinel.database.segments)),
            category=category,
        )
    )
    sentinel.run_starts()


def test_each_mail_has_a_link_of_its_own(sentinel: Sentinel) -> None:
    """In the header and in the body, and it leads to whom the mail went to."""
    sentinel.create_started(3)
    sentinel.run_workers()
    assert len(set(urls(sentinel))) == 3
    for mail in sentinel.mailer.outbox:
        message = mail.message
        assert message.unsubscribe_url is not None
        assert message.unsubscribe_url in message.text
        assert message.list_headers == {
            "List-Unsubscribe": f"<{message.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        assert unsubscribe(sentinel, message.unsubscribe_url)
        entry = sentinel.suppressions.entry(message.to)
        assert entry is not None
        assert (entry.reason, entry.scope, entry.since) == (
            SuppressionReason.UNSUBSCRIBE,
            SuppressionScope.MARKETING,
            sentinel.clock.now(),
        )


def test_a_campaign_that_is_fanned_out_already_honours_it(sentinel: Sentinel) -> None:
    """Who unsubscribes by the first mail is not mailed by the campaign that waits on the queue."""
    sentinel.create_started(2)
    sentinel.run_workers()
    create(sentinel, CampaignCategory.MARKETING)
    first = sentinel.mailer.outbox[0].message
    assert first.unsubscribe_url is not None

    unsubscribe(sentinel, first.unsubscribe_url)
    sentinel.run_workers()

    assert sorted(sentinel.mailed()) == sorted([*addresses(2), *set(addresses(2)) - {first.to}])
    assert sentinel.recipient_states()[first.to] is RecipientState.SUPPRESSED


@pytest.mark.parametrize(
    ("scope", "mails"), [(SuppressionScope.MARKETING, 2), (SuppressionScope.ALL, 1)]
)
def test_what_people_need_to_know_reaches_them_unless_they_want_nothing(
    sentinel: Sentinel, scope: SuppressionScope, mails: int
) -> None:
    """A transactional campaign is held back only from those who asked for no mail at all."""
    sentinel.create_started(1)
    sentinel.run_workers()
    unsubscribe(sentinel, urls(sentinel)[0], scope)
    create(sentinel, CampaignCategory.TRANSACTIONAL)
    sentinel.run_workers()
    assert len(sentinel.mailed()) == mails


def test_a_transactional_mail_offers_no_button(sentinel: Sentinel) -> None:
    """There is no list to leave; a link in the text still works."""
    sentinel.add_segment([{"name": "Ann"}])
    create(sentinel, CampaignCategory.TRANSACTIONAL)
    sentinel.run_workers()
    message = sentinel.mailer.outbox[0].message
    assert message.list_headers == {}
    assert unsubscribe(sentinel, message.text.split()[-1])


def test_unsubscribing_again_changes_nothing(sentinel: Sentinel) -> None:
    """Once more by the button, or a day later."""
    sentinel.create_started(1)
    sentinel.run_workers()
    (url,) = urls(sentinel)
    unsubscribe(sentinel, url)
    before = dict(sentinel.database.suppressions)
    sentinel.clock.sleep(MINUTE)
    assert unsubscribe(sentinel, url)
    assert sentinel.database.suppressions == before


def test_asking_for_more_is_heard(sentinel: Sentinel) -> None:
    """From no marketing to no mail; and not back, by a button in an older mail."""
    sentinel.create_started(1)
    sentinel.run_workers()
    (url,) = urls(sentinel)
    for scope in (SuppressionScope.MARKETING, SuppressionScope.ALL, SuppressionScope.MARKETING):
        unsubscribe(sentinel, url, scope)
    (stored,) = sentinel.database.suppressions.values()
    assert stored.scope is SuppressionScope.ALL


@pytest.mark.parametrize("clicks_first", [True, False])
def test_who_unsubscribed_gets_no_marketing_once_a_bounce_is_forgiven(
    sentinel: Sentinel, *, clicks_first: bool
) -> None:
    """The page said so: taking the bounce off the list does not take that back."""
    sentinel.create_started(1)
    sentinel.run_workers()
    (address,) = addresses(1)
    bounce = Suppression(address, SuppressionReason.BOUNCE, sentinel.clock.now())
    if clicks_first:
        unsubscribe(sentinel, urls(sentinel)[0])
    entry = sentinel.suppressions.add(bounce)
    if not clicks_first:
        unsubscribe(sentinel, urls(sentinel)[0])

    RemoveSuppression(suppressions=sentinel.suppressions)(entry.suppression_id, None)
    create(sentinel, CampaignCategory.MARKETING)
    sentinel.run_workers()

    assert sentinel.mailed() == [address]
    create(sentinel, CampaignCategory.TRANSACTIONAL)
    sentinel.run_workers()
    assert sentinel.mailed() == [address] * 2


def test_an_old_mail_still_unsubscribes(sentinel: Sentinel) -> None:
    """Its campaign's chunks are kept no longer: the contact is asked instead."""
    sentinel.create_started(1)
    sentinel.run_workers()
    sentinel.database.chunks.clear()
    assert unsubscribe(sentinel, urls(sentinel)[0])
    assert set(sentinel.database.suppressions) == set(addresses(1))


def test_whom_nobody_knows_any_more_is_promised_nothing(sentinel: Sentinel) -> None:
    """Erased: there is nothing left to suppress, and the address may be imported again."""
    sentinel.create_started(1)
    sentinel.run_workers()
    sentinel.database.chunks.clear()
    sentinel.database.contacts.clear()
    token = urls(sentinel)[0].rpartition("/")[2]
    assert sentinel.unsubscribe(token, SuppressionScope.ALL) is UnsubscribeResult.NOBODY
    assert sentinel.database.suppressions == {}


def test_a_token_that_is_none_does_nothing(sentinel: Sentinel) -> None:
    """Nobody is taken off by guessing."""
    sentinel.create_started(1)
    sentinel.run_workers()
    assert not unsubscribe(sentinel, urls(sentinel)[0][:-1] + "_")
    assert sentinel.database.suppressions == {}


@pytest.mark.parametrize("text", ["{{ unsubscribe_url }}", "{{ postal_address }}", "News"])
def test_marketing_without_a_way_out_or_an_address_is_refused(
    sentinel: Sentinel, text: str
) -> None:
    """Naming the template and what it lacks; as transactional it may go."""
    template_id = sentinel.add_template(replace(GREETING, text=text))
    segment_id = sentinel.add_segment([{"name": "Ann"}])
    request = CampaignRequest(name="News", template_id=template_id, segment_id=segment_id)
    with pytest.raises(InvalidInput) as refused:
        sentinel.create_campaign(request)
    assert refused.value.field == "template_id"
    for name in ("unsubscribe_url", "postal_address"):
        assert (f"{{{{ {name} }}}}" in refused.value.detail) is (name not in text)
    assert sentinel.database.campaigns == {}
    sentinel.create_campaign(replace(request, category=CampaignCategory.TRANSACTIONAL))


def test_marketing_of_nowhere_is_refused() -> None:
    """A deployment that was told no postal address."""
    footer = Footer(public_url=FOOTER.public_url, postal_address="")
    names = frozenset({"unsubscribe_url", "postal_address"})
    with pytest.raises(InvalidInput, match="POSTAL_ADDRESS"):
        footer.check(CampaignCategory.MARKETING, names)
    footer.check(CampaignCategory.TRANSACTIONAL, names)


def test_a_contacts_own_field_does_not_take_the_links_place(sentinel: Sentinel) -> None:
    """Whoever imports people cannot lead them elsewhere."""
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann", "unsubscribe_url": "https://evil.example"}])
    create(sentinel, CampaignCategory.MARKETING)
    sentinel.run_workers()
    assert "evil" not in sentinel.mailer.outbox[0].message.text


@pytest.mark.parametrize("scope", SuppressionScope)
@pytest.mark.parametrize("stored", SuppressionScope)
def test_only_what_holds_back_more_replaces(
    sentinel: Sentinel, stored: SuppressionScope, scope: SuppressionScope
) -> None:
    """All replaces marketing."""
    later = Suppression("a@example.com", SuppressionReason.OPERATOR, sentinel.clock.now(), scope)
    expected = scope is SuppressionScope.ALL and stored is SuppressionScope.MARKETING
    assert later.replaces(stored) is expected
