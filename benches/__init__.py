"""Ours beside the peers, in one run on one machine: `make bench`.

Each contestant is a process of its own, kept open for the whole run (`process`). They measure the
same case in turns, so that whatever else the machine does falls on all of them alike.
`contestants/` says what each can do, `rows` which rows are printed and what we aim for.
"""
