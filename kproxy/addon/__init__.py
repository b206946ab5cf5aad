"""What stock mitmproxy loads: a folder of its own, because mitmproxy puts it in front of sys.path."""

from pathlib import Path

SCRIPT = Path(__file__).with_name("kproxy_flows.py")
"""For `mitmdump -s` and `mitmweb -s`."""
