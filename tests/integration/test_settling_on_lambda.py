"""Unknown outcomes on real functions: listed, given up and mailed once more, over HTTP."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.on_lambda import NAME, OnLambda

PEOPLE = 3
GIVEN_UP, RESENT, HELD = (f"person-{number}@example.com" for number in range(PEOPLE))


def _mail_through(sentinel: OnLambda, endpoint_url: str) -> None:
    """From now on the send worker finds SES there."""
    function = f"{NAME}-send-worker"
    lambda_ = sentinel.clients.lambda_
    variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]
    lambda_.update_function_configuration(
        FunctionName=function,
        Environment={
            "Variables": {**variables["Variables"], "AWS_ENDPOINT_URL_SESV2": endpoint_url}
        },
    )


def _tell_nothing(sentinel: OnLambda) -> None:
    """What SES tells would settle them sooner or later, as it should, without a person."""
    sns = sentinel.clients.session.client("sns", endpoint_url=sentinel.endpoint_url)
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def test_listed_and_settled(on_lambda: OnLambda) -> None:
    """SES takes every mail, and its answers are lost on the way.

    One recipient is given up, one mailed once more, and one left: the functions have every
    permission that this takes, and the campaign is sent again.
    """
    sentinel = on_lambda
    _tell_nothing(sentinel)
    sentinel.add_people(PEOPLE)
    with cutting_proxy(sentinel.endpoint_url) as ses:
        _mail_through(sentinel, ses.url)
        path = f"/v1/campaigns/{sentinel.post({}).json()['campaign_id']}"
        campaign_id = path.rpartition("/")[2]
        assert sentinel.sent(campaign_id)["counts"]["unknown"] == PEOPLE
    taken = sentinel.mails()
    _mail_through(sentinel, sentinel.endpoint_url)

    with sentinel.http() as client:

        def recipients(**query: str) -> Mapping[str, Mapping[str, Any]]:
            page = client.get(f"{path}/recipients", params=query).json()
            return {each["address"]: each for each in page["items"]}

        def settle(action: str, address: str) -> Mapping[str, Any]:
            body = {"action": action, "contact_ids": [unknown[address]["contact_id"]]}
            answer = client.post(
                f"{path}/unknown", json=body, headers={"Idempotency-Key": f"{action} once"}
            )
            assert answer.status_code == 200, answer.text
            settled: Mapping[str, Any] = answer.json()
            return settled

        unknown = recipients(state="unknown")
        assert set(unknown) == {GIVEN_UP, RESENT, HELD}

        assert settle("give_up", GIVEN_UP)["settled"] == 1
        assert settle("resend", RESENT)["settled"] == 1
        sentinel.sent(campaign_id)
        assert settle("resend", RESENT)["settled"] == 1, "the first answer, kept"

        states = {address: each["state"] for address, each in recipients().items()}
        assert states == {GIVEN_UP: "failed", RESENT: "sent", HELD: "unknown"}
        counts = client.get(path).json()["counts"]
        assert (counts["failed"], counts["sent"], counts["unknown"]) == (1, 1, 1)
    assert sentinel.mails() == taken + Counter({RESENT: 1})
