"""Codecs of the records of templates, and of what a campaign keeps of one."""

import json

from adapters.aws.keys import content_key, template_key, template_version_key
from adapters.aws.table import SCHEMA, Item
from adapters.aws.times import text_to_time, time_to_text
from domain.identifiers import CampaignId, TemplateId
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
