"""Looking after what was left undone."""

from dependency_injector import providers

from domain.use_cases.reconcile import Reconcile
from domain.use_cases.write_path_line import WritePathLine
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.making_occurrences import MakingOccurrences
from entrypoints.containers.resuming import Resuming
from entrypoints.containers.use_cases import UseCases


class Reconciling(Finishing, Resuming, MakingOccurrences):
    """Every minute."""

    write_path_line: providers.Provider[WritePathLine] = providers.Factory(
        WritePathLine,
        analytics=UseCases.family.analytics,
        campaigns=UseCases.family.campaigns,
        fan_out=UseCases.family.fan_out,
        clock=UseCases.family.clock,
    )
    reconcile: providers.Provider[Reconcile] = providers.Factory(
        Reconcile,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
        jobs=UseCases.family.jobs,
        open_work=UseCases.family.open_work,
        scheduler=UseCases.family.scheduler,
        start_queue=UseCases.family.start_queue,
        job_invoker=UseCases.family.job_invoker,
        queue=UseCases.family.queue,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        account=UseCases.family.sending_account,
        finish=Finishing.finish_campaign,
        resume=Resuming.resume_campaign,
        write_line=write_path_line,
        make=MakingOccurrences.make_occurrences,
    )
