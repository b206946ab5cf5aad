"""Sans-I/O: a client's connection and the one to the api-server, bytes in, actions and records out."""
