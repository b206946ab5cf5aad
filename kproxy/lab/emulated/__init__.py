"""An api-server of our own: Kubernetes's API for a few kinds, in Python, over a real etcd.

What kinds there are and how each behaves is data (resources.py); the verbs know no kind.
"""
