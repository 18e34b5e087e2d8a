"""Plans and what they are made of, as files that other programs read."""
