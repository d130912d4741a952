"""Unsubscribe links, and what they lead to."""

from dependency_injector import providers

from domain.unsubscribe import UnsubscribeTokens
from domain.use_cases.add_suppression import AddSuppression
from domain.use_cases.remove_suppression import RemoveSuppression
from domain.use_cases.unsubscribe import Unsubscribe
from entrypoints.containers.use_cases import UseCases


class Unsubscribing(UseCases):
    """The suppression list, by people and by those who are mailed."""

    tokens: providers.Provider[UnsubscribeTokens] = providers.Factory(
        UnsubscribeTokens, UseCases.family.address_hash_key
    )
    unsubscribe: providers.Provider[Unsubscribe] = providers.Factory(
        Unsubscribe,
        tokens=tokens,
        chunks=UseCases.family.chunks,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        clock=UseCases.family.clock,
    )
    add_suppression: providers.Provider[AddSuppression] = providers.Factory(
        AddSuppression, suppressions=UseCases.family.suppressions, clock=UseCases.family.clock
    )
    remove_suppression: providers.Provider[RemoveSuppression] = providers.Factory(
        RemoveSuppression, suppressions=UseCases.family.suppressions
    )
