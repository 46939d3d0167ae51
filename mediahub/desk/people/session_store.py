"""Sessions in the database that know whose they are, and can be listed and ended by person."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from mediahub.desk.models import Session

# In the session's data: when the person signed in and was last active, in seconds since 1970; from where, with what.
STARTED, SEEN = "started", "seen"
BROWSER, ADDRESS = "browser", "address"


class SessionStore(DatabaseStore):
    """Django's store, with the columns of `Session` filled from the session's data."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        if SESSION_KEY in data:
            now = datetime.now(UTC).timestamp()
            # Whoever signs a person in need not think of it, and no page needs a further write for it.
            data.setdefault(STARTED, now)
            data.setdefault(SEEN, now)
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        row.user_id = data.get(SESSION_KEY)
        row.browser, row.address = str(data.get(BROWSER, ""))[:100], str(data.get(ADDRESS, ""))[:45]
        row.started_at, row.seen_at = _read_time(data.get(STARTED)), _read_time(data.get(SEEN))
        return row


def _read_time(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
