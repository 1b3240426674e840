"""What the emulators have in common: hashes, store, fault injection, HTTP, start and end."""
