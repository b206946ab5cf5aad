"""The data plane: a proxy that moves bytes, cuts them into exchanges and hands these to the recorder."""
