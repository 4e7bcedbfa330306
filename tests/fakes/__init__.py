"""The outside world as real local servers that tests can script; each may also run as a process of its own."""
