"""Work that takes long: queued in the store, done by whichever process has a hand free."""
