"""The database is emptied only when nobody is still asking."""

import http.client
import threading
from typing import Any

from django.contrib.auth.models import User

from tests.browser.connections import Connections


def test_the_end_waits_for_what_was_asked_and_hangs_up_idle_lines(
    live_server: Any, connections_held: Connections, monkeypatch: Any
) -> None:
    asked, answered, app = threading.Event(), threading.Event(), live_server.thread.httpd.get_app()

    def slow(environ: Any, start_response: Any) -> Any:
        asked.set()
        answered.wait()
        User.objects.create_user("late")
        return app(environ, start_response)

    monkeypatch.setattr(live_server.thread.httpd, "application", slow)
    line = http.client.HTTPConnection(live_server.thread.host, live_server.thread.port)
    line.request("GET", "/admin/login/")
    asked.wait()
    threading.Timer(0.2, answered.set).start()
    connections_held.end()
    assert User.objects.filter(username="late").exists()
    assert line.getresponse().status == 200
    line.close()
