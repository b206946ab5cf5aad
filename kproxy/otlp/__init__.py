"""OpenTelemetry's protocol: spans in, from an api-server that tells them, and spans out."""
