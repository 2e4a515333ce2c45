"""Settings profiles: their conditions, which one holds, and what a mail gets under each."""
