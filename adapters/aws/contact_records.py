"""Keys and codecs of the records of contacts: their addresses and erasures, too."""

import json

from adapters.aws.keys import JOB_SHARD, contact_key, erasure_key
from adapters.aws.table import SCHEMA, Item, Key
from adapters.aws.times import optional_text_to_time, text_to_time, time_to_text
from domain.contact import Confirmation, Consent, Contact, Origin
from domain.erasure import Erasure
from domain.identifiers import CampaignId, ContactId, JobId, SuppressionId
from domain.soft_bounces import SoftBounces
from domain.suppression import address_hash


def address_key(address_hash_key: bytes, address: str) -> Key:
    """Key of the record that makes an address unique."""
    return f"ADDRESS#{address_hash(address_hash_key, address)}", "ADDRESS"


def contact_to_item(contact: Contact) -> Item:
    """A contact's record; the fields as JSON, which keeps their types apart."""
    key = contact_key(contact.contact_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "contact_id": contact.contact_id,
        "address": contact.address,
        "fields": json.dumps(dict(contact.fields), ensure_ascii=False),
        "version": contact.revision,
        **({} if contact.locale is None else {"locale": contact.locale}),
        **({} if contact.time_zone is None else {"time_zone": contact.time_zone}),
        **({} if contact.consent is None else _consent_attributes(contact.consent)),
        **(
            {"soft_bounces": _soft_bounces_to_data(contact.soft_bounces)}
            if contact.soft_bounces.mails
            else {}
        ),
        **(
            {}
            if contact.confirmation is None
            else {"confirmation": _confirmation_to_data(contact.confirmation)}
        ),
        **_origin_attribute("created_by", contact.created_by),
        **_origin_attribute("changed_by", contact.changed_by),
    }


def _origin_attribute(name: str, origin: Origin | None) -> Item:
    return {} if origin is None else {name: {"import_id": origin.import_id, "line": origin.line}}


def _origin_of(item: Item, name: str) -> Origin | None:
    """None in records from before imports, too."""
    if name not in item:
        return None
    return Origin(JobId(item[name]["import_id"]), int(item[name]["line"]))


def _consent_attributes(consent: Consent) -> Item:
    return {"consent_source": consent.source, "consent_at": time_to_text(consent.at)}


def _soft_bounces_to_data(soft_bounces: SoftBounces) -> list[list[str]]:
    return [[campaign_id, time_to_text(at)] for campaign_id, at in soft_bounces.mails]


def _data_to_soft_bounces(data: list[list[str]]) -> SoftBounces:
    return SoftBounces(tuple((CampaignId(each), text_to_time(at)) for each, at in data))


def _confirmation_to_data(confirmation: Confirmation) -> Item:
    asked_at = confirmation.asked_at
    return {
        "mails": confirmation.mails,
        "holds_back": confirmation.holds_back,
        **({} if asked_at is None else {"asked_at": time_to_text(asked_at)}),
    }


def _data_to_confirmation(data: Item) -> Confirmation:
    asked_at = text_to_time(data["asked_at"]) if "asked_at" in data else None
    return Confirmation(int(data["mails"]), asked_at, bool(data["holds_back"]))


def item_to_contact(item: Item) -> Contact:
    """The inverse of `contact_to_item`."""
    return Contact(
        contact_id=ContactId(item["contact_id"]),
        address=item["address"],
        fields=json.loads(item["fields"]),
        locale=item.get("locale"),
        time_zone=item.get("time_zone"),
        consent=(
            Consent(item["consent_source"], text_to_time(item["consent_at"]))
            if "consent_source" in item
            else None
        ),
        revision=int(item["version"]),
        created_by=_origin_of(item, "created_by"),
        changed_by=_origin_of(item, "changed_by"),
        confirmation=(
            _data_to_confirmation(item["confirmation"]) if "confirmation" in item else None
        ),
        soft_bounces=_data_to_soft_bounces(item.get("soft_bounces", [])),
    )


def address_to_item(address_hash_key: bytes, contact: Contact) -> Item:
    """The record that makes a contact's address unique."""
    key = address_key(address_hash_key, contact.address)
    return {"pk": key[0], "sk": key[1], "schema": SCHEMA, "contact_id": contact.contact_id}


def erasure_to_item(erasure: Erasure) -> Item:
    """The record of an erasure under way."""
    key = erasure_key(erasure.contact_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "contact_id": erasure.contact_id,
        "suppression_id": erasure.suppression_id,
        **({} if erasure.cursor is None else {"cursor": erasure.cursor}),
        **(
            {}
            if erasure.next_check_at is None
            else {"open_shard": JOB_SHARD, "next_check_at": time_to_text(erasure.next_check_at)}
        ),
    }


def item_to_erasure(item: Item) -> Erasure:
    """The inverse of `erasure_to_item`."""
    return Erasure(
        ContactId(item["contact_id"]),
        SuppressionId(item["suppression_id"]),
        item.get("cursor"),
        optional_text_to_time(item.get("next_check_at")),
    )
