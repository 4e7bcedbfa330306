"""What portfolios were worth on the days before anybody looked: computed once from the ledger and the prices that are
stored, kept, and made anew from the first change on. Pages read what is kept here and never replay a history.
"""
