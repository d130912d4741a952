"""Build the documentation site, or refuse where a link leads nowhere or a page is left out.

    python -m documentation [directory]

Into dist/site, else into that directory. No network.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from documentation.pages import DECISIONS, DOCS, ROOT, decisions, pages

SITE = ROOT / "dist" / "site"
CONFIG = ROOT / "zensical.toml"
_UNSEEN = shutil.ignore_patterns("*.md", "rendered.json")


class LeftOut(Exception):
    """The navigation and the pages are not the same."""


def build(site: Path) -> None:
    """Raises LeftOut, and CalledProcessError where a link leads nowhere, which was printed."""
    made = pages()
    config = CONFIG.read_text("utf-8").replace(
        f'"{DECISIONS}"', ", ".join(f'"{path}"' for path in (DECISIONS, *decisions(made)))
    )
    _check(set(_in(tomllib.loads(config)["project"]["nav"])), made)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        shutil.copytree(DOCS, directory / "docs", ignore=_UNSEEN)
        for path, text in made.items():
            (directory / "docs" / path).write_text(text, "utf-8")
        (directory / CONFIG.name).write_text(config, "utf-8")
        subprocess.run(  # noqa: S603  our own tool
            [Path(sys.executable).with_name("zensical"), "build", "--strict"],
            cwd=directory,
            check=True,
        )
        shutil.rmtree(site, ignore_errors=True)
        site.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(directory / "site", site)


def _in(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
            continue
        for target in entry.values():
            yield from _in(target if isinstance(target, list) else [target])


def _check(listed: set[str], made: Mapping[str, str]) -> None:
    if left_out := made.keys() - listed:
        raise LeftOut(f"Not in the nav of {CONFIG.name}: {', '.join(sorted(left_out))}")
    if unknown := listed - made.keys():
        raise LeftOut(f"In the nav of {CONFIG.name}, but no page: {', '.join(sorted(unknown))}")


def main() -> int:
    """Build, and say where the site is."""
    site = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else SITE
    try:
        build(site)
    except (LeftOut, ValueError) as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 1
    except subprocess.CalledProcessError:
        return 1  # it was said
    print(f"Open {site / 'index.html'}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
