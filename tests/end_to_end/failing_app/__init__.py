"""An application whose receivers meet faults: of SQS, of their own, of what they are sent."""
