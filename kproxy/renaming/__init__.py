"""What a server chose, and its image in another server.

- going through two documents: walk; path, lists (which elements are beside each other), inert (what needs no walk),
  traces (what a walk came to), lessons (what it tells)
- which values a server chooses: kinds; derived (names made of others), startstate
- the renaming: learn, lessons (what two documents tell), itself (what tells of its own object only), renaming, apply
  (to requests), value (as JSON)
- of one kind of value: bijection, drawn (by the object that it is drawn for, and what is drawn again), revisions with
  timeline, times, unchanged, pseudonyms, allocations, continuetoken, openapi, text, target; spilled with sieve,
  shelf, and rows of blocks: what is too large for memory
"""
