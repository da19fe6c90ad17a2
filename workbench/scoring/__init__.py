"""Scoring and explaining tables by a saved form, part by part: a table need not fit in memory."""
