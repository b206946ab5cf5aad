"""`kproxy check`: rules that go through a session once and find what its clients should not do. A file for each."""
