"""The drill's parts by themselves: what it writes, what it holds, what it finds."""
