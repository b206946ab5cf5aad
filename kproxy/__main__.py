"""`python -m kproxy`: the same as the command `kproxy`."""

from kproxy.cli.main import run

if __name__ == "__main__":
    run()
