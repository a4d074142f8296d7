"""A project with the settings that everyone begins with, and receivers that do next to nothing."""
