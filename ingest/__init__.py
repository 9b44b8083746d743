"""The door in: authority extracts become raw tables. It knows files, not meaning."""
