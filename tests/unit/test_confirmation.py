"""Links that confirm an address, and how often somebody is asked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.confirmation import Asking, ConfirmationTokens
from domain.contact import Confirmation
from domain.identifiers import ContactId
from tests.unit.sentinel import NOW, TOKENS

KEY = b"tests only"
CONFIRMING = ConfirmationTokens(lambda: KEY)
ASKING = Asking(ContactId("con_01K9ZZZZZZZZZZZZZZZZZZZZZY"), datetime(2026, 3, 2, 9, tzinfo=UTC))
TOKEN = CONFIRMING.token(ASKING)


def test_a_token_is_read_as_what_it_was_made_for() -> None:
    """By whoever has the key, and by nobody with another."""
    assert CONFIRMING.read(TOKEN) == ASKING
    assert ConfirmationTokens(lambda: b"another").read(TOKEN) is None


def test_a_token_outlives_this_program() -> None:
    """It is in mails that were sent: this one is read by every later state."""
    sent = "AU9AsZXgv0fpoMO190_NndNjb25fMDFLOVpaWlpaWlpaWlpaWlpaWlpaWlpaWlkvMTc3MjQ0MjAwMA"
    assert CONFIRMING.read(sent) == ASKING


def test_a_token_is_good_for_one_purpose() -> None:
    """A link to unsubscribe confirms nothing, though it is signed by the same secret."""
    assert TOKENS.read(TOKEN) is None


@given(at=st.integers(0, len(TOKEN) - 1), by=st.characters(codec="ascii"))
def test_a_token_with_one_character_changed_says_nothing(at: int, by: str) -> None:
    """Wherever it is."""
    changed = TOKEN[:at] + by + TOKEN[at + 1 :]
    assert (CONFIRMING.read(changed) is None) is (changed != TOKEN)


@given(text=st.text(max_size=600))
def test_what_is_no_token_says_nothing(text: str) -> None:
    """And does no harm."""
    assert CONFIRMING.read(text) is None


def test_a_link_expires_after_a_week() -> None:
    """To the second."""
    week = timedelta(days=7)
    assert not ASKING.has_expired(ASKING.at + week - timedelta(seconds=1))
    assert ASKING.has_expired(ASKING.at + week)


def test_each_further_mail_takes_longer() -> None:
    """15 minutes, 1, 4, 16 and 64 hours, and a week from then on."""
    confirmation = Confirmation()
    assert confirmation.not_before is None
    waits = []
    for _ in range(8):
        confirmation = confirmation.asked(NOW)
        assert confirmation.not_before is not None
        waits.append(confirmation.not_before - NOW)

    hours = [0.25, 1, 4, 16, 64, 168, 168, 168]
    assert waits == [timedelta(hours=each) for each in hours]


@pytest.mark.parametrize("mails", [1, 100, 10**9])
def test_however_often_somebody_was_asked_it_is_a_week(mails: int) -> None:
    """At the most."""
    due = Confirmation(mails, NOW).not_before
    assert due is not None
    assert due <= NOW + timedelta(days=7)
