"""Settling unknown outcomes by hand."""

from dependency_injector import providers

from domain.use_cases.settle_unknown import SettleUnknown
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.use_cases import UseCases


class Settling(Finishing):
    """A person decides."""

    settle_unknown: providers.Provider[SettleUnknown] = providers.Factory(
        SettleUnknown,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
        queue=UseCases.family.queue,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        finish=Finishing.finish_campaign,
    )
