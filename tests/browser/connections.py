"""The connections of the live server, and how they come to their end."""

import socket
import threading
from contextlib import suppress
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer

# A request that takes longer than this hangs.
PATIENCE = 180


class Connections:
    """Knows each connection of a threaded server, whose own daemon threads nobody could wait for."""

    def __init__(self, server: ThreadedWSGIServer) -> None:
        self.server = server
        self.open_connections: list[tuple[threading.Thread, socket.socket]] = []
        server.process_request = self._serve  # type: ignore[method-assign]

    def end(self) -> None:
        """Answer what was asked already, then hang up; raises TimeoutError when a request does not end."""
        # Connections are taken in their order: when this one is through, none from before it is left unknown.
        with socket.create_connection(("127.0.0.1", self.server.server_port), timeout=PATIENCE) as last:
            last.shutdown(socket.SHUT_WR)
            while last.recv(1024):
                pass
        for thread, connection in self.open_connections:
            with suppress(OSError):
                # What has arrived can still be read; after it the thread finds the end, also of a kept-alive line.
                connection.shutdown(socket.SHUT_RD)
            thread.join(PATIENCE)
            if thread.is_alive():
                raise TimeoutError(f"A request from {connection} has not ended")
        self.open_connections.clear()

    def _serve(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.server.process_request_thread, args=(request, client_address))
        thread.daemon = True
        self.open_connections.append((thread, request))
        thread.start()
