"""The only place that names concrete adapters: one module for each family, with equal providers."""

from enum import StrEnum
from importlib import import_module

from entrypoints.containers.core import Core
from entrypoints.settings import Settings


class Family(StrEnum):
    """Which adapters run: each is a module beside this one, imported only when it is chosen."""

    MEMORY = "memory"
    AWS = "aws"
    EMULATOR = "emulator"


def build(family: Family, settings: Settings) -> Core:
    """The container of one process."""
    module = import_module(f"entrypoints.containers.{family}")
    return Core(settings=settings, family=module.Adapters(settings=settings))
