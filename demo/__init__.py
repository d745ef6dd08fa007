"""The main job on real input: patient records from a real database through `@cache.secure`.

Run with `make demo`. One scene per file, in the order of `__main__`; `hospital` is the data source,
`terminal` draws. Every claim is checked as it is printed; one that does not hold fails the demo.
"""
