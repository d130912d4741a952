"""The stack of template.yaml: deployed, described and deleted by CloudFormation."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError, WaiterError

from adapters.aws.clients import AwsClients
from adapters.aws.code_bucket import upload
from adapters.aws.faults import translated
from domain.errors import DependencyRefused

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import WaiterConfigTypeDef

_WAIT: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 1_800}
_NEVER_CREATED = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})
_NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
_CHANGE_SET = "deploy"
_EVENTS = 5

_State = Literal["stack_create_complete", "stack_update_complete", "stack_delete_complete"]


def deploy_stack(
    clients: AwsClients, name: str, template: str, parameters: Mapping[str, str]
) -> Mapping[str, str]:
    """Create the stack `name`, or update it to `template`, its text; returns its outputs.

    What it is named to keep and finds there, such as the table of a deleted stack, it takes over.
    Raises DependencyRefused naming the resources that failed, or another DependencyFault.
    """
    cloudformation = clients.cloudformation
    # A call takes 51,200 bytes of it, an object 1 MB ("AWS CloudFormation quotas").
    template_url = upload(clients, name, template.encode(), "yaml").url
    status = stack_status(clients, name)
    if status == "ROLLBACK_COMPLETE":
        # Its creation failed: nothing but its name is left, and it can be nothing but deleted.
        delete_stack(clients, name)
        status = None
    creates = status is None or status in _NEVER_CREATED
    with translated("CloudFormation CreateChangeSet", told=True):
        if status is not None:
            # One that an interrupted deployment left.
            cloudformation.delete_change_set(StackName=name, ChangeSetName=_CHANGE_SET)
        change_set = cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=_CHANGE_SET,
            ChangeSetType="CREATE" if creates else "UPDATE",
            TemplateURL=template_url,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            ImportExistingResources=True,
        )["Id"]
        try:
            cloudformation.get_waiter("change_set_create_complete").wait(
                ChangeSetName=change_set, WaiterConfig=_WAIT
            )
        except WaiterError:
            described = cloudformation.describe_change_set(ChangeSetName=change_set)
            reason = described.get("StatusReason", "")
            cloudformation.delete_change_set(ChangeSetName=change_set)
            if any(text in reason for text in _NO_CHANGE):
                return outputs_of(clients, name)
            raise DependencyRefused(f"CloudFormation: {reason}") from None
        # By it the events of this deployment are told from those of others.
        token = change_set.rpartition("/")[2]
        cloudformation.execute_change_set(ChangeSetName=change_set, ClientRequestToken=token)
    _wait(clients, name, "stack_create_complete" if creates else "stack_update_complete", token)
    return outputs_of(clients, name)


def stack_status(clients: AwsClients, name: str) -> str | None:
    """Such as UPDATE_COMPLETE; None where there is no such stack. Raises DependencyFault."""
    described = _described(clients, name)
    return None if described is None else str(described["StackStatus"])


def outputs_of(clients: AwsClients, name: str) -> Mapping[str, str]:
    """The stack's outputs by their names, empty where there is none. Raises DependencyFault."""
    described = _described(clients, name) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def delete_stack(clients: AwsClients, name: str) -> None:
    """Delete all that it is not told to keep. Raises DependencyFault, and names what remains."""
    described = _described(clients, name)
    if described is None:
        return
    token = f"delete-{described['StackId'].rpartition('/')[2]}"
    with translated("CloudFormation DeleteStack", told=True):
        clients.cloudformation.delete_stack(StackName=name, ClientRequestToken=token)
    _wait(clients, name, "stack_delete_complete", token)


def verify_sender(clients: AwsClients, sender: str) -> None:
    """Make the sender an identity of SES; an emulator takes it for verified at once."""
    address = parseaddr(sender)[1]
    with translated("SES CreateEmailIdentity"):
        try:
            clients.sesv2.create_email_identity(EmailIdentity=address)
        except clients.sesv2.exceptions.AlreadyExistsException:
            return


def _described(
    clients: AwsClients, name: str
) -> Mapping[str, Any] | None:  # Any: CloudFormation's description of a stack
    with translated("CloudFormation DescribeStacks"):
        try:
            return clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise


def _wait(clients: AwsClients, name: str, state: "_State", token: str) -> None:
    with translated("CloudFormation DescribeStacks"):
        try:
            clients.cloudformation.get_waiter(state).wait(StackName=name, WaiterConfig=_WAIT)
        except WaiterError:
            failures = _failures(clients, name, token) or f"stack {name} did not complete"
            raise DependencyRefused(f"CloudFormation: {failures}") from None


def _failures(clients: AwsClients, name: str, token: str) -> str:
    """What failed first: it is the cause of the others."""
    pages = clients.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    failed = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ClientRequestToken") == token
    ]
    # They come newest first.
    return "; ".join(failed[: -_EVENTS - 1 : -1])
