"""Connections as the operating system has them: sockets, TLS, and a tap between two of them."""
