"""Checks against recorded data from outside the repository; each says so in one line where that data is missing."""
