"""The command line: one file per verb; every verb imports what is heavy only when it runs."""
