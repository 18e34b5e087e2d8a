"""The field: one file per partner or precondition; what must hold, never how it is solved."""
