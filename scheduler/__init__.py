"""The kernel: time, cases, resources, patterns, plans. It knows no Dutch partner."""
