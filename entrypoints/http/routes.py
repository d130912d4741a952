"""Every route of the API."""

from collections.abc import Sequence

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from entrypoints.containers.serving import Serving
from entrypoints.http.analytics import analytics_routes
from entrypoints.http.audience import contact_routes, segment_routes
from entrypoints.http.campaigns import campaign_routes
from entrypoints.http.confirming import confirm_routes
from entrypoints.http.content import template_routes
from entrypoints.http.creation import creation_routes
from entrypoints.http.dead_letters import dead_letter_routes
from entrypoints.http.exports import export_routes
from entrypoints.http.imports import import_routes
from entrypoints.http.lifecycle import lifecycle_routes
from entrypoints.http.operations import operation_routes
from entrypoints.http.person import person_routes
from entrypoints.http.recipients import recipient_routes
from entrypoints.http.series import series_change_routes
from entrypoints.http.series_reading import series_routes
from entrypoints.http.settling import settling_routes
from entrypoints.http.suppressions import suppression_routes
from entrypoints.http.unsubscribing import unsubscribe_routes
from entrypoints.http.webhooks import webhook_routes


def all_routes(container: Serving) -> Sequence[APIGatewayHttpRouter]:
    """As OpenAPI lists them."""
    return (
        creation_routes(container),
        campaign_routes(container),
        lifecycle_routes(container),
        recipient_routes(container),
        settling_routes(container),
        series_change_routes(container),
        series_routes(container),
        analytics_routes(container),
        template_routes(container),
        segment_routes(container),
        contact_routes(container),
        person_routes(container),
        import_routes(container),
        export_routes(container),
        suppression_routes(container),
        unsubscribe_routes(container),
        confirm_routes(container),
        webhook_routes(container),
        dead_letter_routes(container),
        operation_routes(container),
    )
