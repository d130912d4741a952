"""What systemd is told (sd_notify(3)): that the service serves, that it ends."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """`READY=1` or `STOPPING=1`; nothing where no service manager listens. Raises nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with (
        # Whoever set the variable may be gone: no reason not to serve, or to drain.
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
    ):
        # An @ stands for the zero byte that an abstract address begins with.
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(state.encode())
