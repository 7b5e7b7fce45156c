"""The sections of the reports, one module each: `section(view)` is the section, what it reads is in the .sql beside it.

A report of a pack may use any of them.
"""
