"""What clients write to Immuta in the sandbox: one server remembers it and shows it in every read.

A write is a function from a `Call` to the body of its answer. It leaves what it changed in `Changes`, which
`ChangedEstate` lays over the estate of the day: the routes that read need not know of it.
"""
