"""Why something does not work: the way to the tenant, or one mailbox. Reads, and never writes.

`setup` goes the way to the tenant step by step; `symptoms` are what people complain of, each with its causes
as pure functions over a `Case`, which `examine` gathers from the tenant.
"""
