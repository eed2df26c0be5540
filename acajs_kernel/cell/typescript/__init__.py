"""TypeScript cells: what is only type is erased, what has a meaning at run time is emitted.

Every line stays where it was, and every column except behind what is emitted; nothing is
added to the session, and types are not checked.
"""
