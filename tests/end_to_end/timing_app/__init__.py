"""An application for the tests of when messages are deleted, visible again, and let go of."""
