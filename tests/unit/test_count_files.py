"""Where the processes of a run count: files that are there, whole, before anybody counts."""

import re
from pathlib import Path

import pytest

from domain.errors import DependencyRefused
from entrypoints.local.count_files import begin_counts
from tests.contracts.full_disk import no_file_longer_than


def test_a_disk_without_room_for_the_counts_is_told_with_the_variable(tmp_path: Path) -> None:
    """Else the kernel would end whoever counted, without a word."""
    directory = tmp_path / "metrics"

    with no_file_longer_than(65_535), pytest.raises(DependencyRefused) as error:
        begin_counts(directory, workers=2)

    assert str(error.value).startswith(f"PROMETHEUS_MULTIPROC_DIR: {directory}: ")
    assert "589,824 bytes" in str(error.value)


def test_what_earlier_runs_counted_is_forgotten(tmp_path: Path) -> None:
    """Also files of a release that named them by process."""
    (tmp_path / "counter_4711.db").write_bytes(b"old")
    begin_counts(tmp_path, workers=4)

    begin_counts(tmp_path, workers=1)

    assert {each.name for each in tmp_path.iterdir()} == {
        f"{kind}_{name}.db"
        for kind in ("counter", "gauge_mostrecent", "histogram")
        for name in ("0", "1")
    }


def test_a_release_that_is_gone_back_to_takes_the_counts_for_its_own(tmp_path: Path) -> None:
    """It numbers them by process, and starts beside nothing else."""
    begin_counts(tmp_path, workers=2)

    its_own = re.compile(r"(?:counter|gauge_[a-z]+|histogram|summary)_[0-9]+\.db")
    assert all(its_own.fullmatch(each.name) for each in tmp_path.iterdir())
