"""The publish station as the graph and the command line call it.

Belongs here: opening what publish/ needs and nothing more. Does not belong here: how files are swapped.
"""
