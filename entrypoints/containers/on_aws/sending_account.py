"""The account that mails are sent from."""

from dependency_injector import providers

from adapters.aws.sending_account import SesSendingAccount
from domain.ports.sending_account import SendingAccount
from entrypoints.containers.on_aws.store import Store


class AccountQuota(Store):
    """What SES lets it send."""

    sending_account: providers.Provider[SendingAccount] = providers.ThreadSafeSingleton(
        SesSendingAccount, Store.clients
    )
