"""What a course of values says about itself: returns, losses from the top, what else the money could have been in, and
how far a portfolio is from what it is meant to be. Pure: no database, no clock.
"""
