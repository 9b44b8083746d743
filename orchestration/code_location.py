"""The module that `dagster dev`, the daemon and the webserver import: `defs` of the home in the environment.

Does not belong here: anything else. Importing it parses the dbt project, which the command line avoids
until it must.
"""

from __future__ import annotations

from orchestration import definitions, resources

defs = definitions.build(resources.home_from_environment().prepare())
