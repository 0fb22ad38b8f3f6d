"""Webhooks: what is told of an event, to whom, and how it gets there."""
