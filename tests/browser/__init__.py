"""Tests that drive a web page in a browser."""
