"""Faults put in on purpose: kills, full disks, damaged files, two at once, nights in any order. `make faults`."""
