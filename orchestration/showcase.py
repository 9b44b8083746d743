"""What `lado demo` makes and shows: made-up extracts, and headline figures beside the published ones.

Belongs here: which figures a newcomer sees first. Does not belong here: how extracts are made (synthetic/), how
a figure is computed (fct_measures).
"""

from __future__ import annotations
