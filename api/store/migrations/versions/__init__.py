"""The revisions of the tables, each on the one before."""
