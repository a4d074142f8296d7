"""An application whose messages hop in seconds, where SQS would allow a quarter of an hour."""
