"""The documentation site: complete, whole, and for readers without a network."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from documentation import __main__ as documentation
from documentation.pages import pages
from documentation.state_picture import PICTURE, picture

ROOT = Path(__file__).parents[2]
_IN_STYLE = re.compile(r"url\(\s*['\"]?(?P<url>[^'\")]+)|@import\s+['\"](?P<imported>[^'\"]+)")


class _References(HTMLParser):
    """What a page loads, and what it leads to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.linked: set[str] = set()
        self.classes: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of each element."""
        for name, value in attrs:
            if not value:
                continue
            if name == "class":
                self.classes.update(value.split())
            elif name == "href" and tag == "a":
                self.linked.add(value)
            elif name in {"src", "href", "data", "poster", "srcset"}:
                self.loaded.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make docs` builds it."""
    directory = tmp_path_factory.mktemp("documentation") / "site"
    done = subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, "-m", "documentation", directory],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_every_page_is_on_the_site(site: Path) -> None:
    """What can be read in the repository can be read there, and the API's reference."""
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists(), page
    for made in ("reference", "changelog", "contributing", "decisions/index"):
        assert (site / f"{made}.html").exists(), made


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of another host: it is whole without a network."""
    for page in site.rglob("*.html"):
        references = _References(page)
        assert not {each for each in references.loaded if _is_elsewhere(each)}, page
        assert "mermaid" not in references.classes, (
            f"{page}: would be drawn by another host's script"
        )
    for style in site.rglob("*.css"):
        loaded = {
            found["url"] or found["imported"] for found in _IN_STYLE.finditer(style.read_text())
        }
        assert not {each for each in loaded if _is_elsewhere(each)}, style


def test_what_the_site_names_is_there(site: Path) -> None:
    """Pages, pictures, scripts and styles, from wherever its folder lies."""
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # it stands for any address, and names all by the root
            continue
        references = _References(page)
        for each in references.loaded | references.linked:
            parts = urlsplit(each)
            if not parts.scheme and parts.path:
                assert (page.parent / unquote(parts.path)).exists(), (page, each)


def test_the_search_knows_every_page_without_a_server(site: Path) -> None:
    """Its index is a script, since a page opened as a file may fetch nothing."""
    index = (site / "search.js").read_text("utf-8")
    for path in pages():
        assert path.removesuffix(".md") + ".html" in index, path


def test_the_picture_of_a_campaigns_states_is_of_the_present_table() -> None:
    """What the service goes by is what readers see; `make docs` draws it anew."""
    assert PICTURE.read_text("utf-8") == picture()


def test_a_page_that_the_navigation_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes one is told where to put it."""
    monkeypatch.setattr(
        documentation, "pages", lambda: {**pages(), "forgotten.md": "# Forgotten\n"}
    )
    with pytest.raises(documentation.LeftOut, match=r"nav of zensical.toml: forgotten.md"):
        documentation.build(tmp_path / "site")


def test_a_page_that_went_but_for_the_navigation_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry would lead nowhere."""
    monkeypatch.setattr(documentation, "pages", lambda: _without(pages(), "access.md"))
    with pytest.raises(documentation.LeftOut, match=r"no page: access.md"):
        documentation.build(tmp_path / "site")


def test_a_link_that_leads_nowhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """To a page that is not there, or to a heading that its page has not."""
    broken = "# Start\n\n[one](nowhere.md), [two](access.md#no-such-heading)\n"
    monkeypatch.setattr(documentation, "pages", lambda: {**pages(), "index.md": broken})
    with pytest.raises(subprocess.CalledProcessError):
        documentation.build(tmp_path / "site")
    told = capfd.readouterr()
    assert "page does not exist" in told.out + told.err
    assert "anchor does not exist" in told.out + told.err


def _is_elsewhere(reference: str) -> bool:
    return bool(urlsplit(reference).netloc)


def _without(made: dict[str, str], left_out: str) -> dict[str, str]:
    return {path: text for path, text in made.items() if path != left_out}
