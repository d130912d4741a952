"""What systemd is told (sd_notify(3)): that the service serves, that it ends."""

import os
import socket


def notify(state: str) -> None:
    """`READY=1` or `STOPPING=1`; nothing where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        # An @ stands for the zero byte that an abstract address begins with.
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(state.encode())
