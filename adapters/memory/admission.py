"""Admission control in memory: of one process."""

from datetime import datetime, timedelta
from threading import Lock

from domain.admission import Admissions, StartLimits


class MemoryAdmissionControl:
    """Implements `domain.ports.admission.AdmissionControl`."""

    def __init__(self, limits: StartLimits) -> None:
        """Every bucket is full."""
        self._limits = limits
        self._admissions = Admissions()
        self._lock = Lock()

    def admit(self, key_id: str | None, now: datetime) -> timedelta | None:
        """In turn."""
        with self._lock:
            taken = self._admissions.take(key_id, now, self._limits)
            if isinstance(taken, timedelta):
                return taken
            self._admissions = taken
            return None
