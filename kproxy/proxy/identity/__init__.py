"""Who calls, and as whom a request goes on."""
