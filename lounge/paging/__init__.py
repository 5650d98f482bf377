"""Paging: a posted case reaches the right responders, and goes on asking until somebody has it."""
