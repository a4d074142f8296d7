"""An application of the tests: models to send in messages. It has no migrations on purpose, so
that its tables are made from the models."""
