"""Mailings, their ledger, and the worker that sends them."""
