"""What people do with series."""

from dependency_injector import providers

from domain.use_cases.create_series import CreateSeries
from domain.use_cases.edit_series import EditSeries
from domain.use_cases.series_change import SeriesChange
from domain.use_cases.steer_series import SteerSeries
from entrypoints.containers.making_occurrences import MakingOccurrences
from entrypoints.containers.use_cases import UseCases


class Recurring(MakingOccurrences):
    """Each ends with the next campaign made."""

    create_series: providers.Provider[CreateSeries] = providers.Factory(
        CreateSeries,
        series=UseCases.family.series,
        make=MakingOccurrences.make_occurrences,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        min_interval=UseCases.settings.provided.series_min_interval,
    )
    series_change: providers.Provider[SeriesChange] = providers.Factory(
        SeriesChange,
        series=UseCases.family.series,
        campaigns=UseCases.family.campaigns,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
        make=MakingOccurrences.make_occurrences,
    )
    edit_series: providers.Provider[EditSeries] = providers.Factory(
        EditSeries,
        change=series_change,
        create=MakingOccurrences.create_campaign,
        min_interval=UseCases.settings.provided.series_min_interval,
    )
    steer_series: providers.Provider[SteerSeries] = providers.Factory(
        SteerSeries, series=UseCases.family.series, change=series_change
    )
