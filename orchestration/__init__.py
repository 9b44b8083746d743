"""The caretaker: one Dagster asset graph, its triggers, its settings and the `lado` command.

No logic of the stations.
"""
