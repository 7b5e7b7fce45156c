"""What the shipped rules must find in the estate: expected verdicts."""
