"""Who takes part: accounts, and what proves that a request comes from one."""
