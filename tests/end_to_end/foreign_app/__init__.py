"""An application whose queues other programs, and services of AWS, send to."""
