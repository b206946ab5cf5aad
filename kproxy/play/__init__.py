"""Playing a recording's answers to a client, without a server."""
