"""The ways in: named instead of the api-server, as its forward proxy, or with connections redirected here."""
