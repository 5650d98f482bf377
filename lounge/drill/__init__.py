"""The drill: an acceptance test that an operator can run against any installation, and that loses no argument.

Posters write and send again, followers drop and come back, and in the end what each was told and what was acknowledged is
compared with what stands. Ids and numbers are compared, never texts.
"""
