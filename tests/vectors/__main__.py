"""Write the histories anew."""

from tests.vectors import FILE, written

FILE.write_text(written(), "utf-8")
