"""What comes between the sandbox and those who read it: bad days, faults, limits."""
