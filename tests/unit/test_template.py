"""What a template may hold."""

import pytest

from domain.errors import InvalidInput
from domain.identifiers import TemplateId
from domain.template import MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS, Content, Template
from tests.unit.sentinel import NOW


def test_content_within_its_limits() -> None:
    """The largest template that is promised is taken."""
    subject = "two words ".ljust(MAX_SUBJECT_CHARACTERS, "s")
    body = "é" * (MAX_BODY_BYTES // 2)
    assert Content.of(subject, body, body) == Content(subject, body, body)


@pytest.mark.parametrize(
    ("subject", "html", "text", "field"),
    [
        ("", "<p>", "text", "subject"),
        ("  ", "<p>", "text", "subject"),
        ("s" * (MAX_SUBJECT_CHARACTERS + 1), "<p>", "text", "subject"),
        ("News\r\nBcc: bob@example.com", "<p>", "text", "subject"),
        ("News\x00", "<p>", "text", "subject"),
        ("News\tnow", "<p>", "text", "subject"),
        ("News", "", "text", "html"),
        ("News", " \n", "text", "html"),
        ("News", "<p>", "", "text"),
        ("News", "é" * (MAX_BODY_BYTES // 2) + "x", "text", "html"),
        ("News", "<p>", "é" * (MAX_BODY_BYTES // 2) + "x", "text"),
        ("News \ud800", "<p>", "text", "subject"),
        ("News", "<p>\ud800", "text", "html"),
        ("News", "<p>", "text \ud800", "text"),
    ],
)
def test_content_beyond_its_limits(subject: str, html: str, text: str, field: str) -> None:
    """A part that is empty, too large, or no text that can be mailed is refused by its name."""
    with pytest.raises(InvalidInput) as refusal:
        Content.of(subject, html, text)
    assert refusal.value.field == field


def test_one_and_true_are_not_the_same_default() -> None:
    """They are equal to Python, and read differently in a mail: the edit makes a version."""
    one, true = (Content.of("News", "<p>", "text", defaults={"vip": vip}) for vip in (1, True))
    template = Template(
        template_id=TemplateId("news"), name="News", content=one, created_at=NOW, updated_at=NOW
    )
    assert template.edit("News", true, NOW).version == template.version + 1
    assert template.edit("News", one, NOW) == template
