"""Sending chunks."""

from dependency_injector import providers

from domain.unsubscribe import UnsubscribeTokens
from domain.use_cases.send_batch import SendBatch
from domain.use_cases.send_chunks import SendChunks
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.use_cases import UseCases


class Sending(Finishing):
    """From the send queue to the mailer."""

    tokens: providers.Provider[UnsubscribeTokens] = providers.Factory(
        UnsubscribeTokens, UseCases.family.address_hash_key
    )
    send_chunks: providers.Provider[SendChunks] = providers.Factory(
        SendChunks,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        contents=UseCases.family.contents,
        renderer=UseCases.family.renderer,
        limiter=UseCases.family.limiter,
        mailer=UseCases.family.mailer,
        queue=UseCases.family.queue,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        tokens=tokens,
        footer=UseCases.settings.provided.footer,
    )
    send_batch: providers.Provider[SendBatch] = providers.Factory(
        SendBatch,
        send_chunks=send_chunks,
        finish=Finishing.finish_campaign,
        clock=UseCases.family.clock,
    )
