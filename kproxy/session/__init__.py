"""The use cases: steps composed into what people ask for.

- recording: record (around a COMMAND), recording (recorder and proxy while it is made), recordsettings, header,
  recorder (the other process), workers, flows (mitmproxy's), command, marks, private (a folder), etcds, relays,
  server_facts, review (whose a token is), descriptors, warned (what the proxy's rooms warn of)
- reading one: opened (with its ledger), keeping (the ledger in the file), ledger, entries, log, follow (as it grows),
  show, calls, contents, options
- an object's life: history, blame, why, objects (as it then was), naming (how people name it), moments (`--at`),
  authors, mentions (where etcd was not recorded)
- replaying: replay, plan (`--dry-run`), target, stage (the server for it), spares (fresh ones in advance), acting (as
  whom), driving, turns (its event loop), restore, confirmation, instead (what is sent in place of a request)
- comparing: compare, rules, evidence, beside (both sides of a difference), outputs
- parts of a session: slices, partledger, cutting (as a recording of its own), midway, shortened (its clock), bisect
- other use cases: play, lab, demo with walkthrough
"""
