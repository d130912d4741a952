"""Codecs of the records that people edit: content, segments, contacts, suppressions."""

import json
from collections.abc import Mapping

from adapters.aws.keys import (
    JOB_SHARD,
    address_key,
    contact_key,
    content_key,
    erasure_key,
    member_sort_key,
    segment_key,
    suppression_id_key,
    template_key,
    template_version_key,
)
from adapters.aws.table import SCHEMA, Item
from adapters.aws.times import optional_text_to_time, text_to_time, time_to_text
from domain.contact import Confirmation, Consent, Contact, Origin
from domain.erasure import Erasure
from domain.identifiers import CampaignId, ContactId, JobId, SegmentId, SuppressionId, TemplateId
from domain.rule import read_rule, rule_to_data
from domain.segment import Segment, member_key
from domain.soft_bounces import SoftBounces
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    Unsubscribed,
)
from domain.template import Content, Template, TemplateSummary


def template_to_item(template: Template) -> Item:
    """What lists show of a template, without the bodies: the index that lists it has a copy."""
    key = template_key(template.template_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "templates",
        "listing_id": template.template_id,
        "subject": template.content.subject,
        **_version_attributes(template),
    }


def item_to_template_summary(item: Item) -> TemplateSummary:
    """The inverse of `template_to_item`."""
    return TemplateSummary(
        template_id=TemplateId(item["listing_id"]),
        name=item["name"],
        subject=item["subject"],
        version=int(item.get("version", 1)),
        created_at=text_to_time(item["created_at"]),
        updated_at=text_to_time(item.get("updated_at") or item["created_at"]),
    )


def template_version_to_item(template: Template) -> Item:
    """The record of one version, whole."""
    key = template_version_key(template.template_id, template.version)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "template_id": template.template_id,
        **_version_attributes(template),
        **content_attributes(template.content),
    }


def item_to_template_version(item: Item) -> Template:
    """The inverse of `template_version_to_item`; of an older layout it is the only version."""
    return Template(
        template_id=TemplateId(item.get("template_id") or item["listing_id"]),
        name=item["name"],
        content=item_to_content(item),
        created_at=text_to_time(item["created_at"]),
        updated_at=text_to_time(item.get("updated_at") or item["created_at"]),
        version=int(item.get("version", 1)),
    )


def _version_attributes(template: Template) -> Item:
    return {
        "name": template.name,
        "version": template.version,
        "created_at": time_to_text(template.created_at),
        "updated_at": time_to_text(template.updated_at),
    }


def content_to_item(campaign_id: CampaignId, content: Content) -> Item:
    """A content snapshot's record."""
    key = content_key(campaign_id)
    return {"pk": key[0], "sk": key[1], "schema": SCHEMA, **content_attributes(content)}


def content_attributes(content: Content) -> Item:
    """The attributes that templates and snapshots share; what is not given is left out."""
    optional = {
        "defaults": json.dumps(dict(content.defaults), ensure_ascii=False)
        if content.defaults
        else None,
        "sender": content.sender,
        "reply_to": content.reply_to,
    }
    return {
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        **{name: value for name, value in optional.items() if value is not None},
    }


def item_to_content(item: Item) -> Content:
    """The inverse of `content_attributes`."""
    return Content(
        item["subject"],
        item["html"],
        item["text"],
        json.loads(item.get("defaults", "{}")),
        item.get("sender"),
        item.get("reply_to"),
    )


def segment_to_item(segment: Segment) -> Item:
    """A segment's record."""
    key = segment_key(segment.segment_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "segments",
        "listing_id": segment.segment_id,
        "name": segment.name,
        "created_at": time_to_text(segment.created_at),
        **({} if segment.rule is None else {"rule": json.dumps(rule_to_data(segment.rule))}),
    }


def item_to_segment(item: Item) -> Segment:
    """The inverse of `segment_to_item`."""
    return Segment(
        segment_id=SegmentId(item["listing_id"]),
        name=item["name"],
        created_at=text_to_time(item["created_at"]),
        rule=read_rule(json.loads(item["rule"])) if "rule" in item else None,
    )


def member_to_item(segment_id: SegmentId, contact_id: ContactId) -> Item:
    """A segment member's record."""
    return {
        "pk": segment_key(segment_id)[0],
        "sk": member_sort_key(member_key(contact_id)),
        "schema": SCHEMA,
        "contact_id": contact_id,
    }


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


def suppression_to_item(entry: SuppressionEntry) -> Item:
    """A suppression's record."""
    key = suppression_id_key(entry.suppression_id)
    choice = entry.unsubscribed
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "suppressions",
        "listing_id": entry.suppression_id,
        **({} if entry.address is None else {"address": entry.address}),
        "reason": entry.reason.value,
        "since": time_to_text(entry.since),
        "scope": entry.scope.value,
        **({} if entry.note is None else {"note": entry.note}),
        **({} if choice is None else {"unsubscribed": _unsubscribed_to_data(choice)}),
    }


def _unsubscribed_to_data(choice: Unsubscribed) -> dict[str, str]:
    return {"scope": choice.scope.value, "since": time_to_text(choice.since)}


def _data_to_unsubscribed(data: Mapping[str, str]) -> Unsubscribed:
    return Unsubscribed(SuppressionScope(data["scope"]), text_to_time(data["since"]))


def item_to_suppression(item: Item) -> Suppression:
    """What it holds back and why; the address must be in it."""
    return Suppression(
        item["address"],
        SuppressionReason(item["reason"]),
        text_to_time(item["since"]),
        item_to_suppression_scope(item),
        item.get("note"),
    )


def item_to_suppression_entry(item: Item) -> SuppressionEntry:
    """The inverse of `suppression_to_item`."""
    return SuppressionEntry(
        suppression_id=SuppressionId(item["pk"].partition("#")[2]),
        address=item.get("address"),
        reason=SuppressionReason(item["reason"]),
        since=text_to_time(item["since"]),
        scope=item_to_suppression_scope(item),
        note=item.get("note"),
        unsubscribed=(
            _data_to_unsubscribed(item["unsubscribed"]) if "unsubscribed" in item else None
        ),
    )


def item_to_suppression_scope(item: Item) -> SuppressionScope:
    """Of a suppression's record: before scopes were kept, everything was held back."""
    return SuppressionScope(item.get("scope", SuppressionScope.ALL))
