"""`kproxy show FILE SEQ`: one exchange, whole."""

import json

import click

from kproxy.model.exchange import CHANNEL, LOG_LINE, WATCH_EVENT, Headers
from kproxy.report.printing import printable
from kproxy.report.table import size
from kproxy.session.calls import CallRow, condition, said
from kproxy.session.log import LogRow
from kproxy.session.options import Options
from kproxy.session.show import Content, ExchangeView, FrameView, show_exchange


@click.command("show", short_help="One exchange, whole.")
@click.argument("file")
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, file: str, seq: int, as_json: bool) -> None:
    """Show one exchange: request, response, frames of a watch or of an exec, calls to etcd, changes in it.

    \b
    Example: kproxy show session.kproxy 1
    """
    view = show_exchange(file, seq)
    if as_json:
        click.echo(json.dumps(view.as_json(), indent=2))
        return
    for line in lines_of(view):
        click.echo(printable(line))


def lines_of(view: ExchangeView) -> list[str]:
    """The exchange as people read HTTP, its calls to etcd, then what it changed and on what ground we say so."""
    exchange, row = view.exchange, view.row
    lines = [f"#{row.seq}  {row.time}  connection {exchange.connection}  {row.end} {row.end_detail}".rstrip()]
    lines += [f"by {row.caller}, {_identity(row)}"]
    lines += [f"fault: {row.fault}"] if row.fault else []
    lines += [f"trace {exchange.trace_id}, parent {exchange.parent_id}"] if exchange.parent_id else []
    lines += [*_options(row.options), ""]
    lines += [f"> {exchange.request.method} {exchange.request.target} {exchange.request.http_version}"]
    lines += _headers(">", exchange.request.headers) + _content(view.request_body)
    if exchange.answer is not None:
        lines += ["", f"< {exchange.answer.http_version} {exchange.answer.status} {exchange.answer.reason}"]
        lines += _headers("<", exchange.answer.headers) + _content(view.answer_body)
    for frame in view.frames:
        lines += _frame(frame)
    lines += [""] if view.calls else []
    lines += [_call(each) for each in view.calls]
    lines += [""] if row.changes else []
    for change in row.changes:
        lines.append(f"→ {change.type} {change.key}@{change.revision} ({change.basis}: {change.evidence})")
    return lines


def _call(row: CallRow) -> str:
    """What it did, on which condition, what came of it."""
    call = row.call
    conditions = f" if {' and '.join(map(condition, call.compares))}" if call.compares else ""
    what = "; ".join(map(said, call.operations)) or "nothing"
    result = [row.verdict] if row.verdict else []
    result += [f"revision {call.revision}"] if call.revision else []
    result += [f"{row.duration_ms:.1f} ms"] if row.duration_ms is not None else []
    result += [f"{size(call.request_size)} to etcd", f"{size(call.answer_size)} back"]
    result += [f"not whole: {call.partial}"] if call.partial else []
    return f"⇢ {call.method}  {what}{conditions}  ({', '.join(result)})"


def _identity(row: LogRow) -> str:
    """As whom it went on."""
    return {
        "one": "as the kubeconfig's user",
        "pass": "with its own credentials",
        "front-proxy": f"forwarded by the front proxy as {row.forwarded}",
        "impersonate": f"by impersonation of {row.forwarded}",
    }.get(row.identity, "who was not judged")


def _options(options: Options) -> list[str]:
    """What was asked beside the object, and what the server warned of, a line each."""
    asked = {
        "dry run": "yes" if options.dry_run else "",
        "patch": options.patch_type,
        "field manager": options.field_manager,
        "field validation": options.field_validation,
        "delete options": json.dumps(options.delete_options) if options.delete_options else "",
    }
    lines = [f"{name}: {value}" for name, value in asked.items() if value]
    return lines + [f"warning: {text}" for text in options.warnings]


def _frame(frame: FrameView) -> list[str]:
    """An event with its object; a line of a log behind its time; what went by on a channel."""
    if frame.kind == CHANNEL:
        return _channel(frame)
    if frame.kind == LOG_LINE and frame.document is None:
        return [f"{frame.time}  {line}" for line in frame.text.removesuffix("\n").split("\n")]
    name = "event" if frame.kind == WATCH_EVENT else frame.kind
    note = "  (the initial events end here)" if frame.ends_initial else ""
    return ["", f"{name} {frame.index}  {frame.time}  {frame.type}{note}", *_document(frame.document)]


def _channel(frame: FrameView) -> list[str]:
    mark = "<" if frame.direction == "answer" else ">"
    size = f"  {frame.size} bytes" if frame.size else ""
    reason = f"  ({frame.reason})" if frame.reason else ""
    return [f"{mark} {frame.time}  {frame.channel}{size}{reason}", *(f"  {line}" for line in frame.text.splitlines())]


def _headers(mark: str, headers: Headers) -> list[str]:
    return [f"{mark} {name}: {value}" for name, value in headers]


def _content(content: Content) -> list[str]:
    if content.document is not None:
        return ["", *_document(content.document)]
    if content.text:
        return ["", *content.text.splitlines()]
    if content.state == "empty":
        return []
    reason = f": {content.reason}" if content.reason else ""
    return ["", f"({content.size} bytes, {content.state}{reason})"]


def _document(document: object) -> list[str]:
    return json.dumps(document, indent=2, ensure_ascii=False).splitlines()
