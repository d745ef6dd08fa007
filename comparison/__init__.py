"""Which values survive which cache or serializer: `make compare-values` writes the table.

`values` has one value of each type, `contestants` what is done with it. The contestants of another
environment, where a package of our name is installed, are a process of their own.
"""
