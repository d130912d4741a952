"""The pages of the site: those of docs/, and those that are made of other files.

A page of docs/ links to files beside docs/ as the repository has them (`../CHANGELOG.md`), and
they link to pages as `docs/…`: so links work where the files are read. On the site those files
are pages, and the links lead there.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from documentation.reference import reference_page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DECISIONS = "decisions/index.md"
BESIDE: Mapping[str, str] = MappingProxyType(
    {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "README.md": "index.md"}
)
"""Files beside docs/ → the pages that they are on the site."""

_TITLE = re.compile(r"^# (?P<title>.+)$", re.MULTILINE)


def pages() -> dict[str, str]:
    """Every page by its path, as Markdown. Raises ValueError for a decision without a title."""
    read = {
        path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.rglob("*.md")
    }
    beside = {
        page: _from_beside((ROOT / name).read_text("utf-8"))
        for name, page in BESIDE.items()
        if page not in read
    }
    made = {
        "reference.md": reference_page((DOCS / "openapi.json").read_text("utf-8")),
        DECISIONS: _decisions_page(read),
    }
    return {
        path: _leading_to_pages(path, text) for path, text in {**read, **beside, **made}.items()
    }


def decisions(paths: Mapping[str, str]) -> list[str]:
    """Those of the pages that are decisions, oldest first."""
    return sorted(path for path in paths if path.startswith("decisions/") and path != DECISIONS)


def _from_beside(text: str) -> str:
    return text.replace("](docs/", "](")


def _leading_to_pages(path: str, text: str) -> str:
    up = "../" * path.count("/")
    for name, page in BESIDE.items():
        text = text.replace(f"]({up}../{name}", f"]({up}{page}")
    return text.replace("](decisions/)", f"]({DECISIONS})")


def _decisions_page(read: Mapping[str, str]) -> str:
    return "\n".join(_listed(read)) + "\n"


def _listed(read: Mapping[str, str]) -> Iterator[str]:
    yield "# Decisions\n"
    yield "What a reader would ask about: why it is so, and what else was thought of.\n"
    for path in decisions(read):
        found = _TITLE.search(read[path])
        if found is None:
            raise ValueError(f"docs/{path} has no title: begin it with `# …`.")
        yield f"- [{found['title']}]({path.removeprefix('decisions/')})"
