#!/bin/sh
# What is replayed across versions: the walkthrough with kubectl, services, definitions, one after the other.
here=$(dirname "$0")
sh "$here/../../../recordings/make/hello-kubectl.sh"
sh "$here/../sessions/services.sh"
sh "$here/../sessions/definitions.sh"
