"""The least rights that a session needed: from requests to permissions, from permissions to roles."""
