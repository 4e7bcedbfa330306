"""Figures for those who run the site: counted by each process, gathered in Redis, told by `/metrics` and a page."""
