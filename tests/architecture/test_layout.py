"""The layout that everybody relies on: folders, packages, import contracts, sources of chance."""

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.deployment.package import _NOT_ON_AWS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "adapters", "entrypoints")

CLOCK_AND_CHANCE = frozenset(
    {
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "date.today",
        "time.monotonic",
        "time.perf_counter",
        "time.sleep",
        "time.time",
        "os.urandom",
        "random.Random",
        "secrets.token_bytes",
        "secrets.token_hex",
        "secrets.token_urlsafe",
        "uuid.uuid4",
        "uuid4",
        "Random",
    }
)
ALLOWED = {
    "adapters/system/clock.py": "the clock adapter itself",
    "adapters/system/ids.py": "the ids adapter itself",
    "adapters/sqlite/database.py": "makes its key once, with the database",
    "entrypoints/cli/clock.py": "the command line's: it waits, and names its requests",
    "entrypoints/local/emulator.py": "waits for a process to come up",
    "entrypoints/local/server.py": "gives a request its id, as API Gateway does",
    "entrypoints/local/demo/people.py": "a seeded generator: no chance in it",
}


def sources() -> Iterator[Path]:
    """Every module of the product."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def calls_of(path: Path) -> Iterator[str]:
    """Names that a module calls, such as `datetime.now`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_import_contracts_hold() -> None:
    """Who may import whom is as pyproject.toml says."""
    # In a process of its own: it configures logging, and so turns ours off.
    lint_imports = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(  # noqa: S603  our own tool
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_the_import_contracts_know_every_module_of_the_domain() -> None:
    """One that the list of pyproject.toml lacks could import ports and use cases unseen."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (rest,) = [
        contract["source_modules"]
        for contract in contracts["contracts"]
        if contract["name"] == "use cases above ports above the rest of the domain"
    ]
    modules = {f"domain.{path.stem}" for path in (ROOT / "domain").glob("*.py")}
    assert set(rest) == modules - {"domain.__init__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_resolve_inside_the_repository(package: str) -> None:
    """No package of the same name on the path takes the place of ours."""
    assert importlib.import_module(package).__path__[0] == str(ROOT / package)


def test_only_the_system_adapters_read_clock_and_chance() -> None:
    """Everything else is given its time and its randomness, so that tests can be, too."""
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        if CLOCK_AND_CHANCE.intersection(calls_of(path))
    }
    assert found == set(ALLOWED)


def test_every_module_and_every_port_method_is_documented() -> None:
    """A port's docstring is its contract: none is missing."""
    for path in (ROOT / "domain" / "ports").glob("*.py"):
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                assert ast.get_docstring(node), f"{path}: {node.name}"


def test_only_emf_reports_through_powertools() -> None:
    """The use cases report to a port: nobody else has to know what becomes of it."""
    found = {
        str(path.parent.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        and "aws_lambda_powertools.metrics" in ast.unparse(node)
    }
    assert found == {"adapters/emf"}


def test_no_template_is_sent_with_a_call() -> None:
    """CloudFormation takes 51,200 bytes with one: every template goes by way of S3."""
    sent = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "TemplateBody"
    }
    assert sent == set()


def test_localstack_is_no_package() -> None:
    """A folder `localstack` that could be imported would hide the library of that name."""
    assert not (ROOT / "localstack" / "__init__.py").exists()


def test_each_adapter_says_which_port_it_implements() -> None:
    """`Implements domain.ports.<port>` leads a reader from the adapter to its contract."""
    for family in ("memory", "sqlite", "aws", "emf", "prometheus", "dns", "web", "smtp"):
        implemented = {
            line.split("domain.ports.")[1].split("`")[0]
            for path in (ROOT / "adapters" / family).glob("*.py")
            for line in path.read_text().splitlines()
            if "Implements `domain.ports." in line
        }
        for name in implemented:
            module, _, port = name.partition(".")
            assert hasattr(importlib.import_module(f"domain.ports.{module}"), port), name


def test_no_function_carries_what_only_the_preflight_looks_by() -> None:
    """It is asked from a person's machine: a function would only begin later for it."""
    carried = (ROOT / "requirements-lambda.lock").read_text()
    assert "\ndnspython==" in (ROOT / "requirements.lock").read_text()
    assert "\ndnspython==" not in carried


def test_no_function_carries_what_only_smtp_takes() -> None:
    """Mail goes out by SES there."""
    carried = (ROOT / "requirements-lambda.lock").read_text()
    for name in ("cryptography", "dkimpy"):
        assert f"\n{name}==" in (ROOT / "requirements.lock").read_text()
        assert f"\n{name}==" not in carried
    assert "adapters/smtp" in _NOT_ON_AWS


def test_no_function_carries_what_only_the_command_line_is_made_of() -> None:
    """It is people's, and the API's functions would only grow by it."""
    locked = (ROOT / "requirements-cli.lock").read_text()
    carried = (ROOT / "requirements-lambda.lock").read_text()
    for name in ("httpx", "matplotlib", "rich", "typer"):
        assert f"\n{name}==" in locked
        assert f"\n{name}==" not in carried
    assert "entrypoints/cli" in _NOT_ON_AWS
