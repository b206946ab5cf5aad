"""The recorder's own requests to the API, for the start state: not through the proxy, so they are no exchanges.

In a thread (http.client waits): the hand-off goes on meanwhile.
"""

import http.client
import json
import ssl

from kproxy.config.trust import client_context
from kproxy.errors import RecordingError
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.record.settings import ApiPlace

SECONDS = 60.0
MAX_ANSWER = 64 << 20
"""Bytes of an answer: a page of the largest objects that etcd takes."""


class NoApiError(RecordingError):
    """What is asked of the API beside the recording gets no answer, or none that can be used."""

    next_step = "look whether the server answers this user, or use --start-state none"


class ApiRefusedError(NoApiError):
    """An answer that is no list: `status` says which."""

    next_step = "use a user who may, or --start-state none"

    def __init__(self, path: str, status: int, message: str) -> None:
        super().__init__(f"GET {path.partition('?')[0]} was answered {status}" + (f": {message}" if message else ""))
        self.status = status


class ApiClient:
    """One connection, used by one thread at a time."""

    def __init__(self, place: ApiPlace) -> None:
        self._place = place
        self._tls = None if place.tls is None else client_context(place.tls)
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> JSONObject:
        """The JSON object there. ApiRefusedError for any status but 200, RecordingError if there is no answer."""
        try:
            return self._get(path)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()  # one that was idle for long: once more
        try:
            return self._get(path)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoApiError(f"the API did not answer GET {path.partition('?')[0]}: {error}") from error

    def _get(self, path: str) -> JSONObject:
        connection = self._connection = self._connection or self._connect()
        headers = {"Host": self._place.host_header, "User-Agent": "kproxy", "Accept": "application/json"}
        try:
            connection.putrequest("GET", self._place.path_prefix + path, skip_host=True, skip_accept_encoding=True)
            for name, value in (*headers.items(), *self._place.headers):
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            data = answer.read(MAX_ANSWER + 1)
        except (http.client.RemoteDisconnected, ConnectionError):
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NoApiError(f"the API did not answer GET {path.partition('?')[0]}: {error}") from error
        if len(data) > MAX_ANSWER:
            self.close()
            raise NoApiError(f"GET {path.partition('?')[0]} was answered with more than {MAX_ANSWER >> 20} MiB")
        found = _object(data)
        if answer.status != 200 or found is None:
            raise ApiRefusedError(path, answer.status, str((found or {}).get("message", ""))[:300])
        return found

    def _connect(self) -> http.client.HTTPConnection:
        place = self._place
        if self._tls is None or place.tls is None:
            return http.client.HTTPConnection(place.host, place.port, timeout=SECONDS)
        return _Https(place, self._tls)

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _object(data: bytes) -> JSONObject | None:
    """A JSON object, None for what is none."""
    try:
        value: JSON = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _Https(http.client.HTTPSConnection):
    """To a host whose certificate may be another name's."""

    def __init__(self, place: ApiPlace, context: ssl.SSLContext) -> None:
        super().__init__(place.host, place.port, timeout=SECONDS, context=context)
        self._name = (place.tls.server_name if place.tls else "") or place.host
        self._tls = context

    def connect(self) -> None:
        """TCP, then TLS in that name."""
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)
