"""Looking after what was left undone."""

from dependency_injector import providers

from domain.use_cases.reconcile import Reconcile
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.resuming import Resuming
from entrypoints.containers.use_cases import UseCases


class Reconciling(Finishing, Resuming):
    """Every minute."""

    reconcile: providers.Provider[Reconcile] = providers.Factory(
        Reconcile,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
        jobs=UseCases.family.jobs,
        open_work=UseCases.family.open_work,
        scheduler=UseCases.family.scheduler,
        invoker=UseCases.family.invoker,
        job_invoker=UseCases.family.job_invoker,
        queue=UseCases.family.queue,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        account=UseCases.family.sending_account,
        finish=Finishing.finish_campaign,
        resume=Resuming.resume_campaign,
    )
