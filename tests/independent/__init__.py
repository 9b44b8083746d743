"""The independent count: every published number a second time, straight from the extracts."""
