"""kube-controller-manager, kube-scheduler and kwok beside a lab's kube-apiserver: what makes it a cluster.

Each has an identity of its own and only the rights that it has in a cluster; kwok stands in for the nodes' kubelets.
They may speak to the api-server through something in between, which is how kproxy records a whole control plane.
"""

from kproxy.lab.controllers.beside import BesideSettings, start_beside

__all__ = ["BesideSettings", "start_beside"]
