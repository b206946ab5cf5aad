// The benchmark's fixed upstream and load generator; standard library only.
module kproxy.dev/controlplane/bench

go 1.26.0
