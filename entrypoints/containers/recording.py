"""Recording what the provider tells."""

from dependency_injector import providers

from domain.use_cases.announce_outcomes import AnnounceOutcomes
from domain.use_cases.count_soft_bounces import CountSoftBounces
from domain.use_cases.record_provider_events import RecordProviderEvents
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.use_cases import UseCases


class Recording(Finishing):
    """From the provider's events to recipients and the suppression list."""

    count_soft_bounces: providers.Provider[CountSoftBounces] = providers.Factory(
        CountSoftBounces,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        limit=UseCases.settings.provided.soft_bounce_limit,
    )
    announce_outcomes: providers.Provider[AnnounceOutcomes] = providers.Factory(
        AnnounceOutcomes,
        webhooks=UseCases.family.webhooks,
        deliveries=UseCases.family.webhook_deliveries,
        clock=UseCases.family.clock,
    )
    record_provider_events: providers.Provider[RecordProviderEvents] = providers.Factory(
        RecordProviderEvents,
        chunks=UseCases.family.chunks,
        suppressions=UseCases.family.suppressions,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
        finish=Finishing.finish_campaign,
        count=count_soft_bounces,
        announce=announce_outcomes,
    )
