"""The store: the world and its bookings in a database that itself refuses a second claim."""
