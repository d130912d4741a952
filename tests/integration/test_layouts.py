"""Every record carries the version of its layout; code leaves alone what newer code wrote."""

from typing import Any

import pytest

from adapters.aws.keys import campaign_key
from adapters.aws.table import SCHEMA
from domain.errors import DependencyRefused
from domain.start import StartRequest
from tests.integration.deployed import Deployed, everyone


def _records(deployed: Deployed) -> list[dict[str, Any]]:
    """All that is stored, by the emulator's own reading."""
    pages = deployed.clients().dynamodb.get_paginator("scan")
    return [
        item
        for page in pages.paginate(TableName=deployed.settings.table_name)
        for item in page["Items"]
    ]


def test_every_record_says_its_layout(deployed: Deployed) -> None:
    """Of a campaign from its creation to its end, one of every kind."""
    deployed.add_people(60)
    campaign_id = deployed.create()
    deployed.run_starts()
    deployed.run_workers()
    assert deployed.counts_as_sent(campaign_id, 60)

    records = _records(deployed)

    kinds = {record["sk"]["S"].partition("#")[0] for record in records}
    assert kinds == {
        "ADDRESS",
        "ADMISSIONS",
        "CAMPAIGN",
        "CHANGE",
        "CONTACT",
        "CONTENT",
        "GRANTS",
        "MANIFEST",
        "MEMBER",
        "PROGRESS",
        "RANGE",
        "SEGMENT",
        "TALLY",
        "TEMPLATE",
        "VERSION",
    }
    assert {record.get("schema", {}).get("N") for record in records} == {str(SCHEMA)}


def test_a_record_that_newer_code_wrote(deployed: Deployed) -> None:
    """After a rollback nothing is done with it that could lose what it holds; later all goes on."""
    deployed.add_people(3)
    campaign_id = deployed.create()
    dynamodb, table = deployed.clients().dynamodb, deployed.settings.table_name
    pk, sk = campaign_key(campaign_id)
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    set_schema = "SET #schema = :schema"
    names = {"#schema": "schema"}

    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression=set_schema,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":schema": {"N": str(SCHEMA + 1)}},
    )
    with pytest.raises(DependencyRefused, match=f"layout {SCHEMA + 1}"):
        deployed.container.start_campaign()(StartRequest(campaign_id))
    assert deployed.mails() == everyone(0)

    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression=set_schema,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":schema": {"N": str(SCHEMA)}},
    )
    deployed.run_starts()
    deployed.run_workers()
    assert deployed.mails() == everyone(3)
