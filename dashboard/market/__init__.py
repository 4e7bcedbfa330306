"""Where prices come from: the source, its budget, what is accepted from it and what is stored."""
