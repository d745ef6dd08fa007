"""One file per contestant: a name, and for every case it can play a call to measure.

A case is a function that prepares everything and returns the call. Contestants run in different
environments, so none of them may import another.
"""
