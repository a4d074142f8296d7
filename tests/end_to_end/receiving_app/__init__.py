"""An application whose receivers write down what they do, for the tests that fork."""
