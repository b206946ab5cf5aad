//go:build tools

// Package tools pins the command that ../build.sh builds, so that go.mod and
// go.sum name every module it needs. It is never compiled itself.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
