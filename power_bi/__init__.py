"""The Power BI projects over what is published, and the program that writes them.

Belongs here: one project for each audience (`lado_reports.pbip`, `lado_marts.pbip`, `lado_casework.pbip`), as text:
the semantic model in TMDL, the report in PBIR. All of it is written by `python -m power_bi.generate` from dbt's
manifest and from what only people can decide (`models.yml`, `pages.yml`); a test writes it again and compares bytes.
Does not belong here: numbers (`dbt_project/`), how they leave (`publish/`). Imports nothing else of ours.
"""
