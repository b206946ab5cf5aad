"""What a server chose, and its image in another server."""
