"""The two gates: what must be true of a file before it is loaded, and of the warehouse before it is published.

Belongs here: the check files (`checks/`), the code that runs them, keeps their results and shows them.
Does not belong here: reading files, building tables, publishing. The stations meet in the warehouse only.
"""
