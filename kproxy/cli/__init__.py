"""The command line: the only home of click, a file for each command."""
