"""The only place that names concrete adapters: one module for each family, with equal providers."""

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from entrypoints.settings import Settings

if TYPE_CHECKING:
    from entrypoints.containers.core import Core


class Family(StrEnum):
    """Which adapters run: each is a module beside this one, imported only when it is chosen."""

    MEMORY = "memory"
    SQLITE = "sqlite"
    AWS = "aws"
    EMULATOR = "emulator"


def build(family: Family, settings: Settings) -> "Core":
    """The container of a process that does everything.

    Imported only here, for a function on AWS names small ones instead.
    """
    module = import_module(f"entrypoints.containers.{family}")
    everything = import_module("entrypoints.containers.core")
    core: Core = everything.Core(settings=settings, family=module.Adapters(settings=settings))
    return core
