"""Photographs: uploaded on a page, developed by receivers."""
