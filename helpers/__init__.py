"""The plumbing of the course: everything that is not what a chapter teaches.

Importing this package loads nothing heavy; TensorFlow is imported by the module that needs it, when
it needs it.
"""
