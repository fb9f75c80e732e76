"""One module per section of the site: what it asks, and what its template is given."""
