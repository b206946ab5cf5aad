"""Comparing two recordings: equal up to renaming, equal up to named noise, or different, and where.

From whole to part, as docs/comparing.md explains it (kproxy.renaming knows what one server chose in place of what):

- the verdict: compare; sides (all that is at hand), progress; doubted takes out what decides nothing
- who stands beside whom: reading, align, pairing, lives (keys); alone and gaps: who stands beside none, and why
- a pair of exchanges: learning, exchanges; atonce (the same while learning, where nothing differs), waiting (who is
  learned from later), short (what waits for the end then) with remains (what that is), told and items (what recurs,
  told again unread), shapes and patterns (what tells the same but for its values), recent; moments, clock: when it was
- two values: documents, chosen (whether bytes hold what a server chooses), inside (documents in texts), trees, ages
- other parts: headers with heads (while learning), framing, streams with events, counterparts (which stand beside
  which), tails, earlier and asked, upgraded, pages, described with features (OpenAPI)
- etcd: etcd with stored (as atonce), history, unnamed, startup; beside: what the target's own controllers did
- order: order with bounds (of revisions) and timeorder (of times: the rising part is kept), turned (two requests the
  other way round), overlap, stale (reads that may show any moment), listed (objects by their places) and cells: what
  may show another moment; published with defined: what an api-server publishes by itself; throttled: what it put off;
  hurried: what it had no time for; repaired: what it said it missed
- noise: noise (built in), rules, rulefile, rulepath, forms, learned
- findings: findings, causes with signatures and sites (a locator finds them in what is at hand: athand), chains
"""
