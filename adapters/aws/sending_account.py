"""What SES allows the account: its send quota."""

from typing import TYPE_CHECKING

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from domain.sending_quota import SendingQuota

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import GetAccountResponseTypeDef


class SesSendingAccount:
    """Implements `domain.ports.sending_account.SendingAccount`."""

    def __init__(self, clients: AwsClients) -> None:
        """Nothing is called yet."""
        self._clients = clients

    def quota(self) -> SendingQuota:
        """By GetAccount."""
        with translated("SES GetAccount"):
            return quota_of(self._clients.sesv2_reads.get_account())


def quota_of(answer: "GetAccountResponseTypeDef") -> SendingQuota:
    """The quota in an answer of GetAccount. Raises KeyError where there is none in it."""
    quota = answer["SendQuota"]
    return SendingQuota(
        max_rate=quota["MaxSendRate"],
        max_a_day=quota["Max24HourSend"],
        sent_last_day=quota["SentLast24Hours"],
    )
