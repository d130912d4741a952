"""Honest in-process implementations: a real store, queue, scheduler and outbox, kept nowhere.

What they hold are the domain's immutable values, so a stored record and the value somebody
holds never share anything that could change.
"""
