"""What the API serves."""

from dependency_injector import providers

from domain.use_cases.add_members import AddMembers
from domain.use_cases.check_template import CheckTemplate
from domain.use_cases.create_segment import CreateSegment
from domain.use_cases.create_template import CreateTemplate
from domain.use_cases.edit_contact import EditContact
from domain.use_cases.edit_template import EditTemplate
from domain.use_cases.explain_pending import ExplainPending
from domain.use_cases.export_contact import ExportContact
from domain.use_cases.list_campaigns import ListCampaigns
from domain.use_cases.list_contacts import ListContacts
from domain.use_cases.list_deliveries import ListDeliveries
from domain.use_cases.list_members import ListMembers
from domain.use_cases.list_occurrences import ListOccurrences
from domain.use_cases.list_recipients import ListRecipients
from domain.use_cases.look_up_contact import LookUpContact
from domain.use_cases.preview_segment import PreviewSegment
from domain.use_cases.preview_template import PreviewTemplate
from domain.use_cases.put_contacts import PutContacts
from domain.use_cases.read_campaign import ReadCampaign
from domain.use_cases.read_contact import ReadContact
from domain.use_cases.send_test_mails import SendTestMails
from domain.use_cases.write_content import WriteContent
from entrypoints.containers.cloning import Cloning
from entrypoints.containers.confirming import Confirming
from entrypoints.containers.erasing import Erasing
from entrypoints.containers.lifecycle import Lifecycle
from entrypoints.containers.recurring import Recurring
from entrypoints.containers.serving_analytics import ServingAnalytics
from entrypoints.containers.serving_dead_letters import ServingDeadLetters
from entrypoints.containers.serving_exports import ServingExports
from entrypoints.containers.serving_imports import ServingImports
from entrypoints.containers.serving_webhooks import ServingWebhooks
from entrypoints.containers.settling import Settling
from entrypoints.containers.unsubscribing import Unsubscribing
from entrypoints.containers.use_cases import UseCases


class Serving(
    Cloning,
    Erasing,
    Settling,
    Lifecycle,
    Recurring,
    Unsubscribing,
    Confirming,
    ServingAnalytics,
    ServingDeadLetters,
    ServingExports,
    ServingImports,
    ServingWebhooks,
):
    """Every route's use case."""

    read_campaign: providers.Provider[ReadCampaign] = providers.Factory(
        ReadCampaign, campaigns=UseCases.family.campaigns, fan_out=UseCases.family.fan_out
    )
    explain_pending: providers.Provider[ExplainPending] = providers.Factory(
        ExplainPending, chunks=UseCases.family.chunks
    )
    list_campaigns: providers.Provider[ListCampaigns] = providers.Factory(
        ListCampaigns, campaigns=UseCases.family.campaigns
    )
    list_recipients: providers.Provider[ListRecipients] = providers.Factory(
        ListRecipients,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
    )
    list_occurrences: providers.Provider[ListOccurrences] = providers.Factory(
        ListOccurrences,
        series=UseCases.family.series,
        campaigns=UseCases.family.campaigns,
        clock=UseCases.family.clock,
    )
    create_template: providers.Provider[CreateTemplate] = providers.Factory(
        CreateTemplate,
        templates=UseCases.family.templates,
        renderer=UseCases.family.renderer,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
    write_content: providers.Provider[WriteContent] = providers.Factory(
        WriteContent, identities=UseCases.settings.provided.identities
    )
    edit_template: providers.Provider[EditTemplate] = providers.Factory(
        EditTemplate,
        templates=UseCases.family.templates,
        renderer=UseCases.family.renderer,
        clock=UseCases.family.clock,
    )
    check_template: providers.Provider[CheckTemplate] = providers.Factory(
        CheckTemplate, renderer=UseCases.family.renderer, contacts=UseCases.family.contacts
    )
    preview_template: providers.Provider[PreviewTemplate] = providers.Factory(
        PreviewTemplate,
        templates=UseCases.family.templates,
        contacts=UseCases.family.contacts,
        renderer=UseCases.family.renderer,
        check=check_template,
        footer=UseCases.settings.provided.footer,
        sender=UseCases.settings.provided.sender,
    )
    send_test_mails: providers.Provider[SendTestMails] = providers.Factory(
        SendTestMails,
        preview=preview_template,
        suppressions=UseCases.family.suppressions,
        send=Confirming.send_directly,
        clock=UseCases.family.clock,
    )
    create_segment: providers.Provider[CreateSegment] = providers.Factory(
        CreateSegment,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
    preview_segment: providers.Provider[PreviewSegment] = providers.Factory(
        PreviewSegment,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        clock=UseCases.family.clock,
    )
    list_members: providers.Provider[ListMembers] = providers.Factory(
        ListMembers,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        clock=UseCases.family.clock,
    )
    list_deliveries: providers.Provider[ListDeliveries] = providers.Factory(
        ListDeliveries,
        contacts=UseCases.family.contacts,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
    )
    export_contact: providers.Provider[ExportContact] = providers.Factory(
        ExportContact,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        segments=UseCases.family.segments,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
    )
    put_contacts: providers.Provider[PutContacts] = providers.Factory(
        PutContacts, contacts=UseCases.family.contacts
    )
    read_contact: providers.Provider[ReadContact] = providers.Factory(
        ReadContact, contacts=UseCases.family.contacts, suppressions=UseCases.family.suppressions
    )
    look_up_contact: providers.Provider[LookUpContact] = providers.Factory(
        LookUpContact, contacts=UseCases.family.contacts, suppressions=UseCases.family.suppressions
    )
    list_contacts: providers.Provider[ListContacts] = providers.Factory(
        ListContacts, contacts=UseCases.family.contacts, suppressions=UseCases.family.suppressions
    )
    edit_contact: providers.Provider[EditContact] = providers.Factory(
        EditContact, contacts=UseCases.family.contacts, suppressions=UseCases.family.suppressions
    )
    add_members: providers.Provider[AddMembers] = providers.Factory(
        AddMembers, segments=UseCases.family.segments, contacts=UseCases.family.contacts
    )
