"""Pictures of the demo's templates for the docs: previews, as a browser shows them.

    python -m entrypoints.local.demo.pictures

`CHROMIUM` is the browser's command. Each picture is named in `rendered.json` with the digest of
the HTML that it shows, so that a test tells when it is of an older template.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from domain.identifiers import TemplateId
from domain.use_cases.preview_template import Person
from entrypoints.containers.memory import Adapters
from entrypoints.containers.serving import Serving
from entrypoints.local.demo.people import demo_contacts
from entrypoints.local.demo.templates import TEMPLATES, content_of
from entrypoints.settings import Settings

PICTURES = Path("docs/pictures")
DIGESTS = PICTURES / "rendered.json"

_SETTINGS = Settings(
    public_url="https://mail.example.com",
    postal_address="Larch & Ladle, 12 Saw Pit Lane, Exampleton",
    sender="Larch & Ladle <news@example.com>",
    address_hash_key=SecretStr("of the pictures, where nobody is mailed"),
)
_HEIGHT = re.compile(r'data-height="(\d+)"')
_MEASURE = (
    "<script>addEventListener('load',()=>{const page=document.documentElement;"
    "page.dataset.height=Math.ceil(page.getBoundingClientRect().height)})</script>"
)
_SECONDS = 60


@dataclass(frozen=True)
class View:
    """How a reader looks at it; the scheme as Blink numbers it."""

    name: str
    width: int
    scheme: int


VIEWS = (View("wide", 680, 1), View("dark", 680, 0))


def previews() -> Iterator[tuple[str, str]]:
    """Each demo template's id and its HTML, for one of the demo's people.

    The first whose name every machine has the letters for.
    """
    serving = Serving(settings=_SETTINGS, family=Adapters(settings=_SETTINGS))
    person = Person(
        fields=next(each.fields for each in demo_contacts() if each.fields["language"] == "English")
    )
    for template_id, name in TEMPLATES.items():
        serving.create_template()(name, content_of(template_id), template_id)
        preview = serving.preview_template()(TemplateId(template_id), person)
        yield template_id, preview.mail.html


def digest_of(html: str) -> str:
    """What tells one rendering from another."""
    return hashlib.sha256(html.encode()).hexdigest()


def draw(html: str, view: View, picture: Path) -> None:
    """All of the page. Raises CalledProcessError, and FileNotFoundError without a browser."""
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory, "page.html")
        page.write_text(html + _MEASURE, encoding="utf-8")
        told = _HEIGHT.search(_chromium(view, 100, "--dump-dom", page.as_uri()))
        if told is None:
            raise RuntimeError("The browser does not say how high the page is.")
        height = int(told.group(1))
        _chromium(view, height, f"--screenshot={picture.absolute()}", page.as_uri())


def _chromium(view: View, height: int, *arguments: str) -> str:
    return subprocess.run(  # noqa: S603  the browser that the user named, on a page of ours
        [
            os.environ.get("CHROMIUM", "chromium"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--blink-settings=preferredColorScheme={view.scheme}",
            f"--window-size={view.width},{height}",
            *arguments,
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    ).stdout


def main() -> int:
    """Draw them all."""
    PICTURES.mkdir(exist_ok=True)
    digests = {}
    for template_id, html in previews():
        for view in VIEWS:
            picture = PICTURES / f"{template_id}-{view.name}.png"
            draw(html, view, picture)
            digests[picture.name] = digest_of(html)
            print(picture)  # noqa: T201  what the command is for
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
