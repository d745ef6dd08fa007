"""A listener on the line between an application and its Redis."""

import socket
import threading


class Wiretap:
    """Passes every byte on, both ways, and keeps a copy: what a network observer has."""

    def __init__(self, port):
        self._target = port
        self._heard = bytearray()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    @property
    def heard(self):
        with self._lock:
            return bytes(self._heard)

    def close(self):
        self._listener.close()
        for end in self._sockets:
            end.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, server]
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while chunk := source.recv(65536):
                with self._lock:
                    self._heard += chunk
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return
