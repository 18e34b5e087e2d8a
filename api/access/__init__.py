"""Who may do what: accounts with roles, how they are recognised, and what each may see."""
