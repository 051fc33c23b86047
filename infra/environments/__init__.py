"""Locked environments and the program that installs them."""
