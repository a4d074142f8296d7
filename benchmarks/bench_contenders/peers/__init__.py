"""The same task written for other libraries. Each module runs in a virtual environment of that library, not in ours."""
