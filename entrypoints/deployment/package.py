"""Build the package that the Lambda functions run: `make package`.

From the lock file, for the functions' processor and this Python. The same sources give the same
bytes.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
LOCK = ROOT / "requirements-lambda.lock"
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

_PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
"""As uv calls them; Lambda's oldest Python runs on a Linux with the C library of these wheels."""

SERVICES = frozenset({"dynamodb", "lambda", "s3", "scheduler", "secretsmanager", "sesv2", "sqs"})
"""Those that the functions call; botocore's descriptions of all others are most of its size."""

_OWN = ("adapters", "domain", "entrypoints")
_NOT_ON_AWS = frozenset(
    {
        "adapters/dns",
        "adapters/memory",
        "adapters/prometheus",
        "adapters/smtp",
        "adapters/sqlite",
        "entrypoints/cli",
        "entrypoints/containers/administration.py",
        "entrypoints/containers/deployment.py",
        "entrypoints/containers/emulator.py",
        "entrypoints/containers/memory.py",
        "entrypoints/containers/one_file.py",
        "entrypoints/containers/sqlite.py",
        "entrypoints/deployment",
        "entrypoints/local",
    }
)
_NOT_RUN = ("*.c", "*.h", "*.pyx", "*.pxd", "*.pyi", "py.typed", "*.md", "*.rst", "*.txt")
_NOT_IMPORTED = ("bin", "boto3/data", "boto3/examples", "dependency_injector/ext", "six.py.bak")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""


def main(arguments: list[str] | None = None) -> int:
    """Build, and print the file, its size and its hash."""
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--architecture", choices=sorted(_PLATFORMS), default="arm64")
    parser.add_argument("--output", type=Path, default=None, help="default: dist/")
    options = parser.parse_args(arguments)
    try:
        path = build(options.architecture, options.output or DIST)
    except subprocess.CalledProcessError:
        _say("The package could not be built; what is wrong is said above.")
        return 2
    size = path.stat().st_size
    _say(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    _say(f"{size / 1e6:.1f} MB, unpacked {_unpacked(path) / 1e6:.1f} MB")
    _say(f"sha256 {digest(path)}")
    return 0


def build(architecture: str, output: Path) -> Path:
    """The package for one processor, in `output`. Raises CalledProcessError."""
    tree = output / f"tree-{architecture}"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    _install(tree, _PLATFORMS[architecture])
    _strip(tree)
    _copy_own(tree)
    _compile(tree)
    path = output / f"sentinel-python{PYTHON_VERSION}-{architecture}.zip"
    _zip(tree, path)
    shutil.rmtree(tree)
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _install(tree: Path, platform: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
    command += ["--target", str(tree), "--python-platform", platform]
    command += ["--python-version", PYTHON_VERSION, "--requirements", str(LOCK)]
    subprocess.run(command, check=True)  # noqa: S603  our own arguments


def _strip(tree: Path) -> None:
    """What no function reads: sources of C, type stubs, unused services, what installers leave."""
    for name in _NOT_IMPORTED:
        shutil.rmtree(tree / name, ignore_errors=True)
    for service in (tree / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for metadata in tree.glob("*.dist-info"):
        # METADATA stays: by it scanners find what is known to be vulnerable.
        for path in metadata.iterdir():
            if path.name == "METADATA":
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for pattern in _NOT_RUN:
        for path in tree.rglob(pattern):
            path.unlink()
    for cache in tree.rglob("__pycache__"):
        shutil.rmtree(cache)


def _copy_own(tree: Path) -> None:
    for package in _OWN:
        for source in _sources(ROOT / package):
            target = tree / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.relative_to(ROOT).as_posix() in _NOT_ON_AWS:
            continue
        if path.is_dir():
            yield from _sources(path)
        elif path.suffix == ".py":
            yield path


def _compile(tree: Path) -> None:
    """Bytecode, trusted as it is: functions cannot write their own, and would compile every time.

    In a process of its own with a fixed hash seed: the order of a set goes into the bytecode.
    """
    code = (
        "import compileall, py_compile, sys\n"
        "mode = py_compile.PycInvalidationMode.UNCHECKED_HASH\n"
        "done = compileall.compile_dir('.', quiet=1, workers=1, invalidation_mode=mode)\n"
        "sys.exit(not done)\n"
    )
    subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, "-c", code],
        check=True,
        cwd=tree,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONHASHSEED": "0"},
    )


def _zip(tree: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for file in sorted(each for each in tree.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(tree).as_posix(), _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, file.read_bytes())


def _unpacked(path: Path) -> int:
    with zipfile.ZipFile(path) as package:
        return sum(entry.file_size for entry in package.infolist())


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
