"""Signing up with a confirmation, and what its link leads to."""

from dependency_injector import providers

from domain.confirmation import ConfirmationTokens
from domain.use_cases.confirm import Confirm
from domain.use_cases.send_directly import SendDirectly
from domain.use_cases.sign_up import SignUp
from entrypoints.containers.use_cases import UseCases


class Confirming(UseCases):
    """From the sign-up to the consent."""

    confirmation_tokens: providers.Provider[ConfirmationTokens] = providers.Factory(
        ConfirmationTokens, UseCases.family.address_hash_key
    )
    send_directly: providers.Provider[SendDirectly] = providers.Factory(
        SendDirectly,
        limiter=UseCases.family.limiter,
        mailer=UseCases.family.urgent_mailer,
        clock=UseCases.family.clock,
    )
    sign_up: providers.Provider[SignUp] = providers.Factory(
        SignUp,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        templates=UseCases.family.templates,
        renderer=UseCases.family.renderer,
        tokens=confirmation_tokens,
        footer=UseCases.settings.provided.footer,
        send=send_directly,
        clock=UseCases.family.clock,
        sender=UseCases.settings.provided.sender,
        default_template=UseCases.settings.provided.confirmation_template,
    )
    confirm: providers.Provider[Confirm] = providers.Factory(
        Confirm,
        tokens=confirmation_tokens,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        clock=UseCases.family.clock,
    )
