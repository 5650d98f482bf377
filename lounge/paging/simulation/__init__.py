"""`lounge simulate`: whom the router and the policies would page in a made-up year, and how soon somebody has each case."""
