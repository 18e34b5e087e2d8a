"""Files that people have, read into parts of the world: all of a file, or nothing of it."""
