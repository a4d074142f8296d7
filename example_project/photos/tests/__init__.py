"""Tests of the site, to be run by `manage.py test photos`. They need no SQS."""
