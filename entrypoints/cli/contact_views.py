"""What people see of a contact."""

from collections.abc import Mapping

from entrypoints.cli.output import Cell, Item, counted, joined


def _consent(contact: Item) -> str | None:
    consent = contact["consent"]
    return None if consent is None else joined([consent["source"], consent["at"]])


def _confirmation(contact: Item) -> str | None:
    asked = contact["confirmation"]
    if asked is None:
        return None
    last = asked["asked_at"] and f"last {asked['asked_at']}"
    return joined([f"asked {counted(asked['mails'], 'time')}", last])


def _soft_bounces(contact: Item) -> str | None:
    bounces = contact["soft_bounces"]
    return None if not bounces["count"] else joined([str(bounces["count"]), bounces["last_at"]])


CONTACT_IN_LIST: Mapping[str, Cell] = {
    "Contact": "contact_id",
    "Address": "email",
    "Status": "status",
    "Locale": "locale",
    "Fields": "fields",
}
CONTACT: Mapping[str, Cell] = {
    "Contact": "contact_id",
    "Address": "email",
    "Status": "status",
    "Fields": "fields",
    "Locale": "locale",
    "Time zone": "time_zone",
    "Consent": _consent,
    "Confirmation": _confirmation,
    "Soft bounces": _soft_bounces,
    "Revision": "revision",
}
DELIVERY: Mapping[str, Cell] = {
    "Campaign": "campaign_id",
    "Name": "campaign_name",
    "Is": "campaign_state",
    "Mail": "state",
    "Reason": "reason",
    "Told": "flags",
}
