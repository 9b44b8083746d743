"""The door out: what passed the publication gate becomes files that people and Power BI read.

Belongs here: clearance (may these marts leave?), writing the files, the folder of releases, the way back.
Does not belong here: SQL that shapes a report (`dbt_project/`), judging (`expectations/`), locks and settings
(`orchestration/`).
"""
