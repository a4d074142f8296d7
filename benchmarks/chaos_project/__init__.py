"""The Django project of chaos.py: receivers of every kind, and a sender."""
