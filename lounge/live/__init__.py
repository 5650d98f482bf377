"""The live part: connections, the streams they follow, and what carries events to them."""
