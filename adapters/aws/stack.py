"""The stack of template.yaml on an emulator."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import TYPE_CHECKING

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from domain.errors import DependencyRefused

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import WaiterConfigTypeDef

_WAIT: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 60}


def deploy_stack(clients: AwsClients, name: str, template: str) -> Mapping[str, str]:
    """Create the stack `name` unless it exists; returns its outputs. Raises DependencyFault."""
    cloudformation = clients.cloudformation
    with translated("CloudFormation CreateStack"):
        try:
            cloudformation.create_stack(
                StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"]
            )
        except cloudformation.exceptions.AlreadyExistsException:
            pass
        else:
            cloudformation.get_waiter("stack_create_complete").wait(
                StackName=name, WaiterConfig=_WAIT
            )
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise DependencyRefused(f"CloudFormation: stack {name} is {stack['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def verify_sender(clients: AwsClients, sender: str) -> None:
    """Make the sender an identity of SES; an emulator takes it for verified at once."""
    address = parseaddr(sender)[1]
    with translated("SES CreateEmailIdentity"):
        try:
            clients.sesv2.create_email_identity(EmailIdentity=address)
        except clients.sesv2.exceptions.AlreadyExistsException:
            return
