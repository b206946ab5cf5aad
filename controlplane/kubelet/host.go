package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// host runs what clients ask for on this machine.
type host struct {
	attach string
}

func (h host) ExecInContainer(ctx context.Context, _, _, _ string, command []string, in io.Reader,
	out, errs io.WriteCloser, _ bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	return run(ctx, command, in, out, errs, resize)
}

func (h host) AttachContainer(ctx context.Context, _, _, _ string, in io.Reader, out, errs io.WriteCloser, _ bool,
	resize <-chan remotecommand.TerminalSize) error {
	return run(ctx, []string{"sh", "-c", h.attach}, in, out, errs, resize)
}

// PortForward connects to the port on this machine, whatever the pod's address would be.
func (h host) PortForward(_ context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	target, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer target.Close()
	answered := make(chan error, 1)
	go func() {
		_, err := io.Copy(stream, target)
		stream.Close() // only this direction: the client learns that no more comes
		answered <- err
	}()
	_, err = io.Copy(target, stream)
	if tcp, ok := target.(*net.TCPConn); ok {
		tcp.CloseWrite() // the client may still wait for its answer
	}
	return errors.Join(err, <-answered)
}

// run is a command's life: its input ends when the client's does, its exit code is the client's. There is no terminal:
// sizes are read and dropped, and a tty's output is what the command writes to a pipe.
func run(ctx context.Context, command []string, in io.Reader, out, errs io.WriteCloser,
	resize <-chan remotecommand.TerminalSize) error {
	if len(command) == 0 {
		return errors.New("no command")
	}
	go func() {
		for range resize {
		}
	}()
	running := exec.CommandContext(ctx, command[0], command[1:]...)
	if out != nil {
		running.Stdout = out
	}
	if errs != nil {
		running.Stderr = errs
	} else if out != nil {
		running.Stderr = out
	}
	// Not running.Stdin: Wait would wait for an input that a client may keep open for ever.
	input, err := running.StdinPipe()
	if err != nil {
		return err
	}
	if err := running.Start(); err != nil {
		return err
	}
	go func() {
		if in != nil {
			io.Copy(input, in)
		}
		input.Close()
	}()
	err = running.Wait()
	var exited *exec.ExitError
	if errors.As(err, &exited) && exited.Exited() {
		return utilexec.CodeExitError{Err: err, Code: exited.ExitCode()}
	}
	return err
}
