"""Faults on purpose: processes killed and stopped, connections cut, clocks wrong, while a drill runs."""
