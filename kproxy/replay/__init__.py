"""Driving a recorded session against another server: plan, engine, transport, and the guard before it.

- the plan: plan; order (as the server took them) with linear, firstwrites and written; graph (what waits for what) with
  scopes, grounds (why, in words) and barriers; what ties steps: touches, effects, sights, values, published, spreading,
  ownchanges (what a server does by itself); loops, conflicts, lasting, upgradable; read_ahead, recent
- parts of a session: slices, needs (what a slice leaves out), causes, reduce (the smallest part)
- the engine: engine, beforehand, frontier and workers (which steps are read, and who takes them), pace (when),
  deadlines, settle (until etcd has it), polling, passing (states that need not come again), delivered, throttled,
  stopping, events (what it says), result, doubts
- a request: recorded, plain, sending, senders with people (as whom), transport with links (sockets), upgrades, issued
  (tokens)
- an answer: answers, states, learning; of a watch: watched, expected (in short), pairing, coming (what still can come)
- the start state: restored, restore_etcd; restore_api with restore_asks, restore_forms, restore_order; accounts,
  webhooks with webhookpatch
- before it: guard (no replay on the recorded server)
"""
