"""Build the notebooks of the course from the text sources beside this folder (see ../README.md)."""
