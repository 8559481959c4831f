"""The contract between the kernel and its clients: typed commands, events and records, and their JSON.

Map: `base` shapes, `ids` vocabularies, `records` shared values, one file per domain (`process`, `agent`, `fs`, `tty`, `system`),
`unions` the list of all, `codec` the JSON. Imports nothing but `kernel.errors`. Tags never change once released: the golden
files under tests/contract hold them.
"""
