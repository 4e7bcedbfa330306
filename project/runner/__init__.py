"""`manage.py up`: every process of Tickfolio on one machine, prepared, started, watched and stopped together.

It is a convenience for one machine. Containers run the same commands (commands.py) without it.
"""
