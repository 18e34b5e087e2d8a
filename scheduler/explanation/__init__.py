"""Why a case is blocked, exactly, and what would open it."""
