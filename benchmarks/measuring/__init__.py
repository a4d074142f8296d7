"""What the benchmark programs have in common: processes, backlogs, turns, tables, targets."""
