"""The addon lane: mitmproxy's flows as records for the same recorder."""
