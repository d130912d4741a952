"""The templates of the demo, each kept as three files in a folder that its id names."""

from pathlib import Path

from domain.template import Content

TEMPLATES = {
    "promo-template": "Flash sale",
    "news-template": "News from the workshop",
    "newsletter-template": "The weekly newsletter",
}
"""The name of each template, by its id."""


def content_of(template_id: str) -> Content:
    """What is in the template's folder."""
    folder = Path(__file__).with_name(template_id)
    subject, html, text = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("subject.txt", "body.html", "body.txt")
    )
    return Content.of(subject.rstrip("\n"), html, text)
