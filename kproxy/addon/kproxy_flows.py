"""mitmproxy's script: `mitmdump -s THIS_FILE --mode reverse:https://HOST:6443 --set kproxy_output=FILE.kproxy`.

mitmproxy has to run in the environment that kproxy is installed in; it is there, as kproxy's dependency.
"""

from kproxy.proxy.flows.lane import AddonLane
from kproxy.session.flows import record_flows

addons = [AddonLane(record_flows)]
