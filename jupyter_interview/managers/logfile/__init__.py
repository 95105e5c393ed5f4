"""The log of a room as a file: how it is written, read and checked. Docs: docs/developers/log-file.md."""
